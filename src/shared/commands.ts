/** What a menu outside of the page, or a key in it, asks of the window. Each stands for what the window does under that name. */
export const COMMANDS = ['palette', 'newDisk', 'open', 'convert', 'snapshot', 'search', 'undo', 'settings', 'shortcuts', 'about'] as const

export type CommandName = (typeof COMMANDS)[number]
