/** What Strata is, and what it is made of. */
export const aboutWords = {
  title: 'About Strata',
  version: (version: string) => `Version ${version}`,
  what: 'A desktop manager for virtual disks. MIT License, copyright the Strata developers.',
  parts: 'It is made with these packages, each under its own licence:',
  electron: 'In the desktop it runs on Electron and Chromium; their licences lie beside the program, in LICENSES.chromium.html.',
  licence: (name: string) => `Licence of ${name}`,
  loading: 'Reading the licences…',
} as const
