import { Failure } from './failure.ts'

/** The settings of all `-o` lists in order; `-o a` is `a=on`. Commas in a value are doubled. */
export function parseOptionLists(lists: readonly string[]): [name: string, value: string][] {
  return lists.flatMap((list) => {
    if (!isOptionList(list)) throw new Failure(`Invalid option list: ${list}`)
    return split(list).map((setting): [string, string] => {
      const equals = setting.indexOf('=')
      return equals < 0 ? [setting, 'on'] : [setting.slice(0, equals), setting.slice(equals + 1)]
    })
  })
}

/** Whether a list asks what options there are. */
export function asksForHelp(lists: readonly string[]): boolean {
  return lists.some((list) => split(list).some((setting) => setting === 'help' || setting === '?'))
}

/** A value as it stands in a list. */
export function escapeValue(value: string): string {
  return value.replaceAll(',', ',,')
}

/** An empty list, or one that begins or ends with a lone comma, can't be joined with another. */
function isOptionList(list: string): boolean {
  const commasAtEnd = /,*$/.exec(list)?.[0].length ?? 0
  return list !== '' && !/^,(?!,)/.test(list) && commasAtEnd % 2 === 0
}

function split(list: string): string[] {
  const settings = ['']
  for (let i = 0; i < list.length; i++) {
    if (list[i] === ',' && list[i + 1] !== ',') settings.push('')
    else {
      settings.push(`${settings.pop() ?? ''}${list[i]}`)
      if (list[i] === ',') i++
    }
  }
  return settings
}
