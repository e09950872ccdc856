import { aboutWords } from './en/about.ts'
import { checkWords } from './en/check.ts'
import { errorWords, commonWords } from './en/common.ts'
import { compactWords } from './en/compact.ts'
import { convertWords } from './en/convert.ts'
import { createWords } from './en/create.ts'
import { diskWords, featuresWords, formatsWords } from './en/disk.ts'
import { filesWords } from './en/files.ts'
import { frameWords, dropWords, commandWords } from './en/frame.ts'
import { imageFileWords } from './en/image-file.ts'
import { jobsWords } from './en/jobs.ts'
import { layersWords } from './en/layers.ts'
import { libraryWords, healthWords } from './en/library.ts'
import { mapWords } from './en/map.ts'
import { paletteWords } from './en/palette.ts'
import { repairWords } from './en/repair.ts'
import { resizeWords } from './en/resize.ts'
import { securityWords } from './en/security.ts'
import { settingsWords } from './en/settings.ts'
import { snapshotsWords } from './en/snapshots.ts'
import { undoWords } from './en/undo.ts'

/** Every sentence that the window says, by the place that says it: one file in `en/` for each place. A translation is such a folder in another language. */
export const words = {
  about: aboutWords,
  frame: frameWords,
  palette: paletteWords,
  library: libraryWords,
  health: healthWords,
  disk: diskWords,
  features: featuresWords,
  check: checkWords,
  repair: repairWords,
  layers: layersWords,
  compact: compactWords,
  snapshots: snapshotsWords,
  map: mapWords,
  security: securityWords,
  formats: formatsWords,
  create: createWords,
  convert: convertWords,
  resize: resizeWords,
  command: commandWords,
  jobs: jobsWords,
  settings: settingsWords,
  drop: dropWords,
  files: filesWords,
  imageFile: imageFileWords,
  undo: undoWords,
  error: errorWords,
  common: commonWords,
} as const
