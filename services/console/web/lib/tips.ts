/** Definitions of figures: one tooltip, for the mouse and for the keyboard; Escape closes it. */
import { byId } from './html.ts'

const tip = byId('tip')
const MARGIN = 8

export function startTips(): void {
  for (const event of ['pointerover', 'focusin']) document.addEventListener(event, show)
  for (const event of ['pointerout', 'focusout']) document.addEventListener(event, hide)
  document.addEventListener('scroll', hide, true)
  document.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') hide()
  })
}

function show({ target }: Event): void {
  const word = target instanceof Element ? target.closest('[data-tip]') : null
  if (!word) return
  tip.textContent = word.getAttribute('data-tip')
  tip.hidden = false
  const at = word.getBoundingClientRect()
  const { offsetWidth: width, offsetHeight: height } = tip
  const below = at.bottom + MARGIN + height < innerHeight
  tip.style.left = `${Math.max(MARGIN, Math.min(at.left, innerWidth - width - MARGIN))}px`
  tip.style.top = `${below ? at.bottom + MARGIN : Math.max(MARGIN, at.top - height - MARGIN)}px`
}

function hide(): void {
  tip.hidden = true
}
