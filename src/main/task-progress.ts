import { app, BrowserWindow } from 'electron'
import type { JobView } from '../shared/api.ts'
import { taskProgress } from './task-share.ts'

/** Shows on the task bar or dock how far the jobs are, red after one failed until the window is looked at, and how many there are. */
export function followJobs(jobs: () => JobView[], subscribe: (listener: (job: JobView) => void) => void): void {
  let failed = false
  const show = (): void => {
    const { share, mode, count } = taskProgress(jobs(), failed)
    for (const window of BrowserWindow.getAllWindows()) window.setProgressBar(share, { mode })
    app.setBadgeCount(count)
  }
  subscribe((job) => {
    if (job.status === 'failed' && !BrowserWindow.getFocusedWindow()) failed = true
    show()
  })
  app.on('browser-window-focus', () => {
    failed = false
    show()
  })
}
