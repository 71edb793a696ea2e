/** Scripts that complete command lines in a shell, made from the commands themselves. */
import type { Command, Option } from 'commander'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

interface Level {
  /** The words that lead here: `chainon feeds diff`. */
  readonly path: string
  /** Also the words of an argument that has a list of them. */
  readonly commands: readonly Word[]
  readonly options: readonly Word[]
  /** Options that take a value, with the values where they are a list. */
  readonly valued: readonly { readonly flag: string; readonly choices: readonly string[] }[]
}

interface Word {
  readonly name: string
  readonly summary: string
}

/** @param program with all of its commands */
export function completionScript(program: Command, shell: Shell): string {
  const levels = levelsOf(program)
  return { bash, zsh, fish }[shell](levels)
}

function levelsOf(command: Command, path = command.name()): readonly Level[] {
  const visible = command.commands.filter((one) => !('_hidden' in one && one._hidden))
  const options = command.options.filter((option) => !option.hidden)
  const long = (option: Option) => option.long ?? option.short ?? ''
  return [
    {
      path,
      commands: [
        ...visible.map((one) => ({ name: one.name(), summary: one.summary() || one.description() })),
        ...(command.registeredArguments[0]?.argChoices ?? []).map((name) => ({ name, summary: '' })),
      ],
      options: [
        ...options.map((option) => ({ name: long(option), summary: option.description })),
        { name: '--help', summary: 'display help for command' },
      ],
      valued: options
        .filter((option) => option.required || option.optional)
        .map((option) => ({ flag: long(option), choices: option.argChoices ?? [] })),
    },
    ...visible.flatMap((one) => levelsOf(one, `${path} ${one.name()}`)),
  ]
}

const quoted = (text: string) => `'${text.replaceAll(/\s+/g, ' ').replaceAll("'", `'\\''`)}'`
const names = (words: readonly Word[]) => words.map(({ name }) => name).join(' ')

/** Cases of the words that lead somewhere, and of the options that take a value: alike in bash and zsh. */
function cases(levels: readonly Level[], line: (level: Level) => string): string {
  return levels.map((level) => `    ${quoted(level.path)}) ${line(level)} ;;`).join('\n')
}

function paths(levels: readonly Level[]): string {
  return levels
    .slice(1)
    .map(({ path }) => `      ${quoted(path)}) path=${quoted(path)} ;;`)
    .join('\n')
}

function values(levels: readonly Level[], listed: (words: string) => string, files: string): string {
  return levels
    .flatMap(({ path, valued }) =>
      valued.map(({ choices, flag }) => {
        const found = choices.length > 0 ? listed(choices.join(' ')) : files
        return `    ${quoted(`${path} ${flag}`)}) ${found}; return ;;`
      }),
    )
    .join('\n')
}

function bash(levels: readonly Level[]): string {
  return `# Completion of chainon for bash: source <(chainon completion bash)
_chainon() {
  local cur=\${COMP_WORDS[COMP_CWORD]} path='chainon' commands options i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path \${COMP_WORDS[i]}" in
${paths(levels)}
    esac
  done
  COMPREPLY=()
  case "$path \${COMP_WORDS[COMP_CWORD-1]}" in
${values(levels, (list) => `COMPREPLY=($(compgen -W ${quoted(list)} -- "$cur"))`, 'compopt -o default')}
  esac
  case "$path" in
${cases(levels, ({ commands, options }) => `commands=${quoted(names(commands))} options=${quoted(names(options))}`)}
  esac
  if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "$options" -- "$cur"))
  elif [[ -n $commands ]]; then COMPREPLY=($(compgen -W "$commands" -- "$cur"))
  else compopt -o default 2>/dev/null; fi
}
complete -F _chainon chainon
`
}

function zsh(levels: readonly Level[]): string {
  const described = (words: readonly Word[]) =>
    words.map(({ name, summary }) => quoted(`${name.replaceAll(':', '\\:')}:${summary}`)).join(' ')
  return `#compdef chainon
# Completion of chainon for zsh: source <(chainon completion zsh)
_chainon() {
  local path_='chainon' i
  local -a commands_ options_
  for ((i = 2; i < CURRENT; i++)); do
    case "$path_ \${words[i]}" in
${paths(levels).replaceAll(' path=', ' path_=')}
    esac
  done
  case "$path_ \${words[CURRENT-1]}" in
${values(levels, (list) => `compadd -- ${list}`, '_files')}
  esac
  case "$path_" in
${cases(levels, ({ commands, options }) => `commands_=(${described(commands)}) options_=(${described(options)})`)}
  esac
  if [[ \${words[CURRENT]} == -* ]]; then _describe 'option' options_
  elif (( \${#commands_} )); then _describe 'command' commands_
  else _files; fi
}
compdef _chainon chainon
`
}

function fish(levels: readonly Level[]): string {
  const lines = levels.flatMap(({ commands, options, path, valued }) => {
    const here = `complete -c chainon -n "test (__chainon_path) = '${path}'"`
    return [
      ...commands.map(({ name, summary }) => `${here} -f -a ${name} -d ${fishQuoted(summary)}`),
      ...options.map(({ name, summary }) => {
        const value = valued.find(({ flag }) => flag === name)
        const more = value === undefined ? '' : value.choices.length > 0 ? ` -x -a '${value.choices.join(' ')}'` : ' -r'
        return `${here} -l ${name.replace(/^-+/, '')}${more} -d ${fishQuoted(summary)}`
      }),
    ]
  })
  return `# Completion of chainon for fish: chainon completion fish | source
function __chainon_path
  set -l path chainon
  for word in (commandline -opc)[2..]
    switch "$path $word"
      case ${levels
        .slice(1)
        .map(({ path }) => `'${path}'`)
        .join(' ')}
        set path "$path $word"
    end
  end
  echo $path
end
${lines.join('\n')}
`
}

const fishQuoted = (text: string) => `'${text.replaceAll(/\s+/g, ' ').replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
