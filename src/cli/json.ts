/** JSON as QEMU prints it: four spaces, a line each, and only ASCII; a final newline. */
export function json(value: unknown): string {
  const text = JSON.stringify(value, undefined, 4)
  return `${text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`)}\n`
}
