import type { CommandName } from '../../../../shared/commands.ts'
import { actionsOf } from '../../state/actions.ts'
import type { Strata } from '../../state/strata.svelte.ts'

/** Where a search shortcut puts the cursor. */
export const SEARCH_ID = 'search'

/** Does what a key or a menu stands for; nothing where the shown disk does not have it. */
export function runCommand(name: CommandName, strata: Strata): void {
  const { navigation } = strata
  switch (name) {
    case 'search':
      document.getElementById(SEARCH_ID)?.focus()
      return
    case 'palette':
    case 'settings':
    case 'shortcuts':
    case 'about':
      navigation.openSheet({ is: name })
      return
    default:
      actionsOf(strata)
        .find(({ shortcut }) => shortcut === name)
        ?.run()
  }
}
