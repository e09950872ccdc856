// Writes what is made from the command's own tables: docs/cli.md, the man page and the completions. "npm run cli-docs"
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { bashCompletion } from '../src/cli/manual/bash-completion.ts'
import { docsPage } from '../src/cli/manual/docs-page.ts'
import { fishCompletion } from '../src/cli/manual/fish-completion.ts'
import { manPage } from '../src/cli/manual/man-page.ts'
import { manual } from '../src/cli/manual/manual.ts'
import { zshCompletion } from '../src/cli/manual/zsh-completion.ts'
import { root } from './node24.mjs'

/**
 * The files and what is to stand in them, by their paths in the repository.
 *
 * @returns {Promise<Record<string, string>>}
 */
export async function cliDocuments() {
  const pages = await manual()
  const docs = join(root, 'docs', 'cli.md')
  return {
    'docs/cli.md': await format(docsPage(pages), { ...(await resolveConfig(docs)), filepath: docs }),
    'resources/man/strata.1': manPage(pages),
    'resources/completions/strata.bash': bashCompletion('strata', pages),
    'resources/completions/_strata': zshCompletion('strata', pages),
    'resources/completions/strata.fish': fishCompletion('strata', pages),
  }
}

if (import.meta.main)
  for (const [path, text] of Object.entries(await cliDocuments())) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
