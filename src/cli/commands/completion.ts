import { EXIT } from '../exit-codes.ts'
import { usageFailure } from '../failure.ts'
import { programName } from '../program-name.ts'
import { verb } from '../verb.ts'

/** The shells that have a completion, each with what makes it; they load only when they are used. */
const SHELLS = {
  bash: async () => (await import('../manual/bash-completion.ts')).bashCompletion,
  zsh: async () => (await import('../manual/zsh-completion.ts')).zshCompletion,
  fish: async () => (await import('../manual/fish-completion.ts')).fishCompletion,
}

/** `strata completion`: what a shell needs to complete this command. qemu-img has no such verb. */
export const completion = verb({
  summary: 'print a completion for a shell',
  operands: 'bash|zsh|fish',
  description: ['The completion is of the name that the program was started under.'],
  examples: [
    { line: 'completion bash > ~/.local/share/bash-completion/completions/strata', does: 'complete in bash from now on' },
    { line: 'completion fish > ~/.config/fish/completions/strata.fish', does: 'complete in fish from now on' },
  ],
  options: {},
  async run({ operands: [shell, extra] }, terminal, manual) {
    if (shell === undefined || extra !== undefined || !Object.hasOwn(SHELLS, shell)) throw usageFailure('Expecting bash, zsh or fish')
    const print = await SHELLS[shell as keyof typeof SHELLS]()
    terminal.out(print(programName(), await manual()))
    return EXIT.ok
  },
})
