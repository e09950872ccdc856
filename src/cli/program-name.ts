/** The variable that says under which name the command was started; `bin/strata.js` passes on the name of the link that started it. */
export const PROGRAM_NAME_VARIABLE = 'STRATA_PROGRAM_NAME'

const OWN_NAME = 'strata'
const LONGEST = 64

/** The name that the command's messages carry: the one it was started under, or its own where that is no name that fits in a message. */
export function programName(given = process.env[PROGRAM_NAME_VARIABLE]): string {
  const name = given
    ?.split(/[/\\]/)
    .at(-1)
    ?.replace(/\.(js|exe|cmd)$/i, '')
  return name !== undefined && /^[\p{L}\p{N}._+-]+$/u.test(name) && name.length <= LONGEST ? name : OWN_NAME
}
