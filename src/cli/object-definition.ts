import { Failure } from './failure.ts'

/** What one `--object` defines, by the names of its settings; `qom-type` is among them. Written as `secret,id=s,…` or as `{"qom-type":"secret",…}`. */
export function readObject(text: string): ReadonlyMap<string, string> {
  const settings = text.startsWith('{') ? fromJson(text) : fromList(text)
  const type = settings.get('qom-type')
  if (type === undefined) throw new Failure("Parameter 'qom-type' is missing")
  return settings
}

/** As JSON. What does not parse is not repeated: it may hold a passphrase. */
function fromJson(text: string): Map<string, string> {
  let value: object
  try {
    value = JSON.parse(text) as object
  } catch {
    throw new Failure('JSON parse error')
  }
  return new Map(
    Object.entries(value).map(([name, setting]: [string, unknown]) => {
      if (typeof setting !== 'string') throw new Failure(`Invalid parameter type for '${name}', expected: string`)
      return [name, setting]
    }),
  )
}

/** As a list, in which the type may stand first without its name, and a comma is doubled in values. */
function fromList(text: string): Map<string, string> {
  const settings = new Map<string, string>()
  const type = /^[^=,]+(?=,|$)/.exec(text)?.[0]
  if (type !== undefined) settings.set('qom-type', type)
  for (let rest = type === undefined ? text : text.slice(type.length + 1); rest !== '';) {
    const name = /^[^=,]*/.exec(rest)?.[0] ?? ''
    if (name === '') throw new Failure("Invalid parameter ''")
    if (rest[name.length] !== '=') throw new Failure(`Expected '=' after parameter '${name}'`)
    const value = /^(?:[^,]|,,)*/.exec(rest.slice(name.length + 1))?.[0] ?? ''
    settings.set(name, value.replaceAll(',,', ','))
    rest = rest.slice(name.length + 1 + value.length + 1)
  }
  return settings
}
