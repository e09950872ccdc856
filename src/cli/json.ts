/** JSON as QEMU prints it: four spaces, a line each even for an empty list's end, and only ASCII; a final newline. */
export function json(value: unknown): string {
  const text = JSON.stringify(value, undefined, 4).replace(/^( *)(.*)\[\](,?)$/gm, '$1$2[\n$1]$3')
  return `${text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`)}\n`
}
