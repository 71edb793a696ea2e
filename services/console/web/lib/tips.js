/** Definitions of figures: one tooltip, for the mouse and for the keyboard; Escape closes it. */
import { byId } from './dom.js'

const tip = byId('tip')

export function startTips() {
  for (const event of ['pointerover', 'focusin']) document.addEventListener(event, show)
  for (const event of ['pointerout', 'focusout']) document.addEventListener(event, hide)
  document.addEventListener('scroll', hide, true)
  document.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') hide()
  })
}

function show({ target }) {
  const word = target instanceof Element ? target.closest('[data-tip]') : null
  if (!word) return
  tip.textContent = word.getAttribute('data-tip')
  tip.hidden = false
  const at = word.getBoundingClientRect()
  const { offsetWidth: width, offsetHeight: height } = tip
  const below = at.bottom + 8 + height < innerHeight
  tip.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`
  tip.style.top = `${below ? at.bottom + 8 : Math.max(8, at.top - height - 8)}px`
}

function hide() {
  tip.hidden = true
}
