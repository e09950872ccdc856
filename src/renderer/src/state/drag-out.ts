import type { Attachment } from 'svelte/attachments'
import type { Strata } from './strata.svelte.ts'

/** Lets a disk's file be dragged out of the window by this element, where the host can; `path` is undefined for a disk without a file. */
export function dragOut(strata: Strata, path: string | undefined): Attachment<HTMLElement> {
  return (element) => {
    if (path === undefined || strata.settings.facts.kind !== 'desktop') return
    const begin = (event: DragEvent): void => {
      // The system's own drag takes over from the page's.
      event.preventDefault()
      strata.attempt(strata.dragOut(path))
    }
    element.draggable = true
    element.addEventListener('dragstart', begin)
    return () => {
      element.draggable = false
      element.removeEventListener('dragstart', begin)
    }
  }
}
