import ArrowRightLeft from '@lucide/svelte/icons/arrow-right-left'
import BookmarkMinus from '@lucide/svelte/icons/bookmark-minus'
import BookmarkPlus from '@lucide/svelte/icons/bookmark-plus'
import Camera from '@lucide/svelte/icons/camera'
import Copy from '@lucide/svelte/icons/copy'
import CopyPlus from '@lucide/svelte/icons/copy-plus'
import Diff from '@lucide/svelte/icons/diff'
import Compact from '@lucide/svelte/icons/fold-horizontal'
import FolderSearch from '@lucide/svelte/icons/folder-search'
import GitBranch from '@lucide/svelte/icons/git-branch'
import HardDrive from '@lucide/svelte/icons/hard-drive'
import Layers from '@lucide/svelte/icons/layers'
import MapPin from '@lucide/svelte/icons/map-pin'
import Maximize from '@lucide/svelte/icons/move-horizontal'
import Pencil from '@lucide/svelte/icons/pencil'
import RefreshCw from '@lucide/svelte/icons/refresh-cw'
import ShieldCheck from '@lucide/svelte/icons/shield-check'
import Trash from '@lucide/svelte/icons/trash-2'
import type { MenuItem } from '../../components/ui/menu-item.ts'
import type { Action, ActionKind } from '../../state/action.ts'

const ICONS: Record<ActionKind, NonNullable<MenuItem['icon']>> = {
  add: BookmarkPlus,
  check: ShieldCheck,
  compact: Compact,
  compare: Diff,
  convert: ArrowRightLeft,
  copyPath: Copy,
  discard: Trash,
  duplicate: CopyPlus,
  open: HardDrive,
  overlay: Layers,
  pointAt: MapPin,
  rebase: GitBranch,
  reload: RefreshCw,
  remove: BookmarkMinus,
  rename: Pencil,
  resize: Maximize,
  show: FolderSearch,
  snapshot: Camera,
}

/** Actions as the items of a menu, each with the picture of its kind. */
export function actionItems(actions: readonly Action[]): MenuItem[] {
  return actions.map(({ label, kind, run }) => ({ label, run, ...(kind && { icon: ICONS[kind] }) }))
}
