import type { ErrorDto } from '../../../shared/errors.ts'
import type { JobOrder, JobStatus, JobView } from '../../../shared/api.ts'
import type { CheckReport, DiskInfo, FormatName, Preallocation } from '../../../shared/model.ts'
import type { SnapshotAction } from '../../../shared/requests.ts'
import type { Health } from '../lib/chain-tree.ts'
import type { Feature } from '../lib/disk-features.ts'
import { baseName } from '../lib/paths.ts'
import { countText, sizeText } from '../lib/sizes.ts'

function snapshotTitle(action: SnapshotAction, over: boolean, disk: string): string {
  switch (action.do) {
    case 'create':
      return `${over ? 'Took' : 'Taking'} snapshot ${action.name} of ${disk}`
    case 'apply':
      return `${over ? 'Went' : 'Going'} back to a snapshot of ${disk}`
    case 'delete':
      return `${over ? 'Deleted' : 'Deleting'} a snapshot of ${disk}`
    case 'rename':
      return `${over ? 'Renamed' : 'Renaming'} a snapshot of ${disk}`
  }
}

const many = (count: number, one: string, more = `${one}s`): string => `${countText(count)} ${count === 1 ? one : more}`

/** Every sentence that the window says, by the place that says it. */
export const words = {
  frame: {
    product: 'Strata',
    toLibrary: 'Strata: all disks',
    search: 'Find a disk',
    searchKey: 'Ctrl K',
    clearSearch: 'Clear the search',
    newDisk: 'New disk',
    convert: 'Convert',
    open: 'Open a disk image',
    openShort: 'Open',
    library: 'Library',
    allDisks: 'All disks',
    emptyList: 'Disks that you open or make are kept here.',
    foldRow: (name: string) => `Fold what is built on ${name}`,
    showList: 'Show the library',
    hideList: 'Hide the library',
    theme: { label: 'Colours', system: 'Like the system', light: 'Light', dark: 'Dark' },
    skip: 'Skip to the content',
    nothingFound: (query: string) => `No disk matches “${query}”.`,
    baseOnly: 'Not opened by itself: it lies below another disk',
    offline: 'Strata does not answer. Trying again…',
    offlineHint: 'If you closed the terminal that ran it, start `strata serve` again and open the link it prints.',
    noToken: 'This page needs the link that strata serve prints.',
    noTokenHint: 'Copy the whole link from the terminal, with the part after #. It is the key to this window.',
  },
  library: {
    title: 'Your disks',
    emptyTitle: 'Drop a disk image here',
    emptyText: 'See what is inside, what it costs, and whether it is sound. Convert it, grow it, or put an overlay on it.',
    emptyFormats: 'qcow2 and raw images: .qcow2, .img, .raw, .iso. Strata looks at the content, not at the name.',
    openFile: 'Open an image…',
    newDisk: 'New disk…',
    columns: { name: 'Name', format: 'Format', guest: 'Guest sees', disk: 'On disk', health: 'Health', share: 'How full' },
    totals: (disks: number, own: number, guest: number) =>
      `${many(disks, 'disk')} · ${sizeText(own)} on this computer · ${sizeText(guest)} for the guests`,
    overlayOf: (name: string) => `on ${name}`,
  },
  health: {
    fine: 'Fine',
    leaks: 'Some space is lost',
    corrupt: 'Damaged',
    unknown: 'Not checked',
    missing: 'Missing',
    unreadable: 'Cannot be read',
    broken: 'A layer is missing',
    none: 'Plain data',
  } satisfies Record<Health, string>,
  disk: {
    tabs: {
      label: 'About this disk',
      overview: 'Overview',
      health: 'Health',
      snapshots: (count: number) => (count === 0 ? 'Snapshots' : `Snapshots (${count})`),
    },
    actions: {
      convert: 'Convert…',
      overlay: 'New overlay',
      resize: 'Resize…',
      check: 'Check',
      more: 'More actions',
      show: 'Show in folder',
      copyPath: 'Copy the path',
      reload: 'Read again',
      remove: 'Remove from library',
      add: 'Add to library',
    },
    removed: (name: string) => `${name} left the library. The file is still there.`,
    undo: 'Undo',
    sentence: (info: DiskInfo, below: string | undefined): string => {
      const kind = info.format === 'raw' ? 'raw image' : below === undefined ? 'qcow2 image' : `qcow2 overlay of ${below}`
      return `${info.encrypted ? 'encrypted ' : ''}${kind}`
    },
    forTheGuest: 'for the guest',
    sizeBar: (own: number, below: number, guest: number): string =>
      below > 0
        ? `${sizeText(own + below)} on disk (${sizeText(own)} own, ${sizeText(below)} below) of ${sizeText(guest)} for the guest`
        : `${sizeText(own)} on disk of ${sizeText(guest)} for the guest`,
    legend: { all: 'on disk:', own: 'this file', below: 'layers below', free: 'not stored' },
    facts: 'Facts',
    features: 'Features',
    layers: 'Layers',
    layersHint: 'The base is at the bottom. Each layer holds only what changed above it.',
    single: 'This disk stands alone: nothing below it, and no overlay in your library depends on it.',
    copied: 'Copied',
    copy: (label: string) => `Copy ${label}`,
    borrowed: 'You see what the disk above tells of this one. To work with it, open it by itself.',
    openIt: 'Open it…',
    missing: (name: string) => `${name} is not where it was`,
    missingHint: 'It may have been moved, renamed or deleted, or its drive is not connected. Put it back, or remove it from the library.',
    brokenChain: 'A layer below can’t be opened',
    brokenHint: 'Until it is back, parts of this disk can’t be read. Put the file back where it was; then choose “Read again”.',
    labels: {
      path: 'File',
      format: 'Format',
      guest: 'Guest sees',
      disk: 'On disk',
      fileLength: 'File length',
      cluster: 'Cluster size',
      version: 'Version',
      compression: 'Compression',
      refcount: 'Reference counts',
      backing: 'Backing file',
      modified: 'Changed',
    },
    versionText: (compat: string) => (compat === '0.10' ? '2 (compat 0.10)' : '3 (compat 1.1)'),
    bits: (width: number) => `${width} bits each`,
    backingAs: (name: string, format: string | undefined) => (format === undefined ? name : `${name} (${format})`),
    layerLabel: (name: string, size: string, health: string) => `${name}, ${size} own, ${health}`,
    layerMissing: 'not found',
    layerShown: 'shown here',
  },
  features: {
    overlay: ['Overlay', 'Holds only what differs from the image below. Without that image it can’t be read.'],
    base: ['Base', 'Other disks in your library are built on this one. Changing it would damage them.'],
    sparse: ['Thin', 'Takes room on this computer only for what the guest has written.'],
    v2: ['Old version', 'Version 2 of the format (compat 0.10), for QEMU older than 1.1. It lacks cheap zero clusters.'],
    zstd: ['zstd', 'Compressed clusters use Zstandard. QEMU before 5.1 can’t read them.'],
    lazy: ['Lazy counts', 'Reference counts are written late for speed; after a crash the image needs a repair.'],
    extendedL2: ['Subclusters', 'Each cluster is managed in 32 parts, so small writes cost less. Needs QEMU 5.2.'],
    snapshots: ['Snapshots', 'The image holds earlier states of itself.'],
    encrypted: ['Encrypted', 'The guest’s data can be read only with a password.'],
    dirty: ['Not closed cleanly', 'The program that wrote this image did not close it. Its reference counts may be stale: run a check.'],
    corrupt: ['Marked damaged', 'QEMU found damage and set this mark; it refuses to write until the image is repaired.'],
  } satisfies Record<Feature, readonly [name: string, meaning: string]>,
  check: {
    button: 'Check now',
    again: 'Check again',
    never: 'This disk has not been checked yet.',
    neverHint: 'A check reads every table of the image and compares it with what is in use. It changes nothing.',
    rawTitle: 'There is nothing to check.',
    rawHint: 'A raw image is the guest’s bytes and nothing else: no tables that could be wrong.',
    running: 'Checking…',
    remembered: 'Found at the last check. Check again to see the details.',
    findings: 'What was found',
    findingsCut: (shown: number, all: number) => `The first ${countText(shown)} of ${countText(all)}.`,
    statistics: 'Statistics',
    at: 'at byte',
    kinds: { leak: 'Unused', corruption: 'Damage', error: 'Unreadable' },
    checked: 'Checked',
    usage: (used: string, all: string) => `${used} of ${all} clusters hold data`,
    stats: { allocated: 'In use', compressed: 'Compressed', fragmented: 'Out of order', end: 'Last used byte', cluster: 'Cluster size' },
    headline: (verdict: 'fine' | 'leaks' | 'corrupt'): string =>
      ({ fine: 'This disk is fine.', leaks: 'This disk is sound, but some space is lost.', corrupt: 'This disk is damaged.' })[verdict],
    unreadable: 'Parts of this disk could not be checked.',
    report: (report: CheckReport): string[] => {
      const lines: string[] = []
      if (report.corruptions > 0) {
        lines.push(
          `${many(report.corruptions, 'place')} in the image ${report.corruptions === 1 ? 'contradicts' : 'contradict'} another. Data there may be wrong or get overwritten.`,
          'Copy the file before anything else, and don’t start a machine with it.',
        )
      }
      if (report.leaks > 0) {
        const one = report.leaks === 1
        lines.push(
          `${many(report.leaks, 'cluster')} ${one ? 'is' : 'are'} marked used but nothing uses ${one ? 'it' : 'them'} (${sizeText(report.leaks * report.clusterSize)}). Nothing is lost.`,
        )
      }
      if (report.checkErrors > 0) lines.push(`${many(report.checkErrors, 'part')} of the image could not be read.`)
      if (lines.length === 0)
        lines.push(`Every table agrees with every other, and all ${many(report.allocatedClusters, 'cluster')} in use are accounted for.`)
      return lines
    },
  },
  snapshots: {
    hint: 'Earlier states kept inside this image, oldest first. Go back to one, or make a disk of its own of it.',
    none: 'No snapshots yet. Take one before you try something: you can then go back to the disk as it is now.',
    take: 'Snapshot now',
    takeKey: 'Ctrl S',
    list: 'Snapshots, oldest first',
    now: 'Now',
    nowHint: 'the disk as it is',
    state: (size: string) => `Machine state, ${size}`,
    diskOnly: 'Disk only',
    diskThen: (size: string) => `Disk of ${size} then`,
    alone: 'alone',
    shared: 'shared',
    aloneHint: 'Held by nothing else in the image: it comes back when this goes.',
    sharedHint: 'Held by another snapshot or by the disk as it is, too.',
    spaceLabel: (alone: string, shared: string) => `Holds ${alone} alone and shares ${shared}`,
    unknown: 'not counted',
    large: 'This image has very large maps: counting what each snapshot holds can take a minute.',
    count: 'Count it',
    notCounted: 'What each snapshot holds could not be counted. The list itself was read; a check tells more.',
    actions: {
      apply: 'Go back…',
      applyTo: (name: string) => `Go back to ${name}…`,
      more: (name: string) => `More for ${name}`,
      rename: 'Rename…',
      export: 'Export as a new image…',
      delete: 'Delete…',
    },
    name: 'Name',
    nameFaults: {
      empty: 'The snapshot needs a name.',
      taken: 'Another snapshot is known by that name.',
      long: 'That is too long: other programs would cut it off.',
    },
    safetyName: (name: string) => `Before going back to ${name}`,
    createTitle: (disk: string) => `Take a snapshot of ${disk}`,
    createHint: 'The image keeps what the disk holds now. It takes hardly any room until the disk changes.',
    createRunning: 'If a machine runs from this disk, shut it down first: a running machine’s memory is not part of it.',
    create: 'Take snapshot',
    renameTitle: (name: string) => `Rename ${name}`,
    rename: 'Rename',
    applyTitle: (name: string) => `Go back to ${name}`,
    applyHint: (when: string) => `The disk becomes what it was on ${when}. The snapshot stays.`,
    loses: (size: string | undefined) =>
      size === undefined
        ? 'Lost for good: everything written since then that no other snapshot holds.'
        : `Lost for good: what was written since then and no other snapshot holds, at most ${size}.`,
    losesNothing: 'No data is lost: a snapshot holds everything that the disk holds now.',
    safety: 'Take a snapshot of now first',
    safetyHint: (name: string) => `Then nothing is lost: it is called “${name}”, and you can go back to it.`,
    resizes: (then: string, now: string) => `The disk gets the size that it had then: ${then}, now ${now}.`,
    stateStays: 'Only the disk goes back. The machine’s memory stays in the snapshot, where QEMU can load it.',
    looking: 'Looking for images that stand on this disk…',
    nobody: 'No image in its folder stands on this disk.',
    dependants: (count: number) =>
      count === 1
        ? 'This image stands on the disk. What it reads changes under it, and its file system may be damaged:'
        : `These ${countText(count)} images stand on the disk. What they read changes under them, and their file systems may be damaged:`,
    moreDependants: (count: number) => `and ${countText(count)} more`,
    unread: (count: number) =>
      `${many(count, 'file')} nearby could not be read: whether ${count === 1 ? 'it stands' : 'they stand'} on this disk is not known.`,
    agree: 'Go back all the same',
    apply: 'Go back',
    applySafely: 'Keep now and go back',
    applying: 'Keeping what is there now…',
    deleteTitle: (name: string) => `Delete ${name}`,
    deleteHint: (when: string) => `The state of the disk on ${when} is gone for good.`,
    deleteStays: 'The disk as it is now and every other snapshot stay as they are.',
    delete: 'Delete snapshot',
    deleteFreeing: (size: string) => `Delete, ${size} come back`,
    raw: 'A raw image can hold no snapshots: it is the guest’s bytes and nothing else.',
    dataFile: 'An image that keeps its data in a second file can hold no snapshots.',
    instead: 'What to do instead',
    overlayInstead: 'Put an overlay on it. It takes all further writes, and this file stays as it is now: to go back, delete the overlay.',
    convertInstead: 'Or convert it to qcow2, which holds snapshots.',
  },
  formats: {
    qcow2: ['qcow2', 'Grows as the guest writes; overlays, snapshots, compression.'],
    raw: ['raw', 'The guest’s bytes as they are; every program reads it.'],
  } satisfies Record<FormatName, readonly [name: string, meaning: string]>,
  create: {
    title: 'New disk',
    overlayTitle: 'New overlay',
    name: 'Name',
    folder: 'Folder',
    chooseFolder: 'Choose…',
    size: 'Size',
    sizeHint: 'What the guest sees. It can grow later.',
    sizeOfBacking: (size: string) => `Left empty: ${size}, like the base.`,
    format: 'Format',
    base: 'Starts from',
    nothing: 'An empty disk',
    chooseBase: 'Another image…',
    baseHint: (name: string) => `Reads from ${name}; writes go into the new file. From now on ${name} must not change.`,
    advanced: 'Advanced',
    cluster: 'Cluster size',
    clusterHint: 'Larger: quicker on big files. Smaller: less waste on small writes.',
    compat: 'Version',
    compatNew: '3, for QEMU 1.1 and later',
    compatOld: '2, for older QEMU',
    preallocation: 'Lay out in advance',
    preallocations: {
      off: 'Nothing: smallest at first',
      metadata: 'Tables: quicker first writes',
      falloc: 'All of it: never runs out of room',
      full: 'All of it, written with zeros',
    } satisfies Record<Preallocation, string>,
    summary: 'What you get',
    becomes: (size: string) => `A disk of ${size} for the guest`,
    atFirst: 'Takes now',
    atMost: 'When full, at most',
    asksReplace: (name: string) => `${name} is there already.`,
    replace: 'Replace it. What is in it now is gone for good.',
    go: 'Create',
    goReplacing: 'Replace and create',
    working: 'Creating…',
    needName: 'The disk needs a name.',
    needFolder: 'Choose a folder.',
    badName: 'A name can’t hold / or \\.',
    needSize: 'Type a size, such as 40 or 1.5.',
  },
  convert: {
    title: 'Convert a disk',
    source: 'From',
    chooseSource: 'Choose an image…',
    otherSource: 'Choose another',
    noSource: 'Which disk? Drop one on the window, or choose one.',
    ofSnapshot: (name: string) => `The disk as it was in snapshot ${name}`,
    flattened: (layers: number) => `All ${layers} layers become one file that stands alone.`,
    snapshotsStay: (count: number) => `${many(count, 'snapshot')} inside the source ${count === 1 ? 'is' : 'are'} not copied.`,
    format: 'To',
    target: 'Save as',
    chooseTarget: 'Choose…',
    compress: 'Compress',
    compressHint: 'Smaller file, slower to make. A cluster that the guest changes is stored plainly again.',
    summary: 'What you get',
    estimating: 'Looking at the source…',
    expected: 'Expected',
    expectedCompressed: 'Expected, from a sample',
    atMost: 'At most',
    free: 'Free there',
    fits: 'It fits.',
    tight: 'It fits as expected, but not in the worst case.',
    tooBig: (lack: string) => `It will not fit: about ${lack} too little is free. Choose another place.`,
    untouched: 'The source is only read.',
    asksReplace: (name: string) => `${name} is there already.`,
    replace: 'Replace it. What is in it now is gone for good.',
    go: 'Convert',
    goReplacing: 'Replace and convert',
    needTarget: 'Choose where to save the result.',
  },
  resize: {
    title: (name: string) => `Resize ${name}`,
    now: 'Now',
    size: 'New size',
    more: (size: string) => `+ ${size}`,
    twice: 'Twice',
    before: 'Now',
    after: 'Then',
    adds: (size: string) => `The guest gets ${size} more. The file itself hardly grows until the guest writes there.`,
    same: 'That is the size it has now.',
    smaller: 'Strata only grows disks: a smaller one would cut off what lies at its end.',
    guestStep: 'Inside the guest, the partition and its file system must be grown afterwards.',
    dependants: (count: number) =>
      `${many(count, 'overlay')} in your library ${count === 1 ? 'is' : 'are'} built on this disk and will keep ${count === 1 ? 'its' : 'their'} own size.`,
    go: (size: string) => `Grow to ${size}`,
    goEmpty: 'Grow',
  },
  command: { label: 'The same in a terminal', copy: 'Copy the command' },
  jobs: {
    region: 'Jobs',
    idle: 'Nothing is running',
    open: 'Show all jobs',
    close: 'Fold the jobs away',
    clear: 'Clear finished jobs',
    none: 'Jobs appear here: conversions, checks, new disks. They go on while you do something else.',
    pause: 'Pause',
    resume: 'Continue',
    cancel: 'Cancel',
    dismiss: 'Dismiss',
    others: (count: number) => `+ ${count} more`,
    history: 'Jobs',
    report: 'See the report',
    why: 'See why',
    speed: (bytes: number) => `${sizeText(bytes)}/s`,
    left: (duration: string) => `${duration} left`,
    took: (duration: string) => `took ${duration}`,
    status: {
      waiting: 'Waiting',
      running: 'Running',
      paused: 'Paused',
      done: 'Done',
      failed: 'Failed',
      cancelled: 'Cancelled, nothing left behind',
    } satisfies Record<JobStatus, string>,
    title: (order: JobOrder, status: JobStatus): string => {
      const over = status === 'done'
      const name = (path: string): string => baseName(path)
      switch (order.kind) {
        case 'convert':
          return `${over ? 'Converted' : 'Converting'} ${name(order.request.source.path)} → ${name(order.request.target.path)}`
        case 'create':
          return `${over ? 'Created' : 'Creating'} ${name(order.request.path)}`
        case 'check':
          return `${over ? 'Checked' : 'Checking'} ${name(order.request.path)}`
        case 'measure': {
          const { source } = order.request
          return `${over ? 'Measured' : 'Measuring'} ${'path' in source ? name(source.path) : sizeText(source.size)}`
        }
        case 'compare':
          return `${over ? 'Compared' : 'Comparing'} ${name(order.request.left.path)} with ${name(order.request.right.path)}`
        case 'bench':
          return `${over ? 'Measured' : 'Measuring'} the speed of ${name(order.request.path)}`
        case 'resize':
          return `${over ? 'Resized' : 'Resizing'} ${name(order.request.path)}`
        case 'amend':
          return `${over ? 'Changed' : 'Changing'} options of ${name(order.request.path)}`
        case 'compact':
          return order.request.dryRun
            ? `${over ? 'Looked' : 'Looking'} for room in ${name(order.request.path)}`
            : `${over ? 'Compacted' : 'Compacting'} ${name(order.request.path)}`
        case 'commit':
          return `${over ? 'Committed' : 'Committing'} ${name(order.request.path)}`
        case 'rebase':
          return `${over ? 'Rebased' : 'Rebasing'} ${name(order.request.path)}`
        case 'snapshot':
          return snapshotTitle(order.request.action, over, name(order.request.path))
        case 'bitmap':
          return `${over ? 'Changed' : 'Changing'} bitmap ${order.request.name} of ${name(order.request.path)}`
      }
    },
    result: (job: JobView): string => {
      const outcome = job.outcome
      if (!outcome) return ''
      switch (outcome.kind) {
        case 'convert':
        case 'create':
        case 'amend':
          return `${sizeText(outcome.result.info.actualSize)} on disk`
        case 'measure':
          return sizeText(outcome.result.required)
        case 'compare':
          return outcome.result.same ? 'They hold the same.' : 'They differ.'
        case 'bench':
          return `${outcome.result.seconds.toFixed(3)} s`
        case 'resize':
          return `${sizeText(outcome.result.before)} → ${sizeText(outcome.result.info.virtualSize)}`
        case 'compact':
          return `${sizeText(outcome.result.before)} → ${sizeText(outcome.result.after)}`
        case 'commit':
        case 'rebase':
          return `${sizeText(outcome.result.copied)} copied`
        case 'snapshot':
          return `${outcome.result.info.snapshots.length} snapshots`
        case 'bitmap':
          return `${outcome.result.info.qcow2?.bitmaps?.length ?? 0} bitmaps`
        case 'check': {
          const { corruptions, leaks } = outcome.result
          return corruptions > 0 ? 'Damaged' : leaks > 0 ? 'Some space is lost' : 'This disk is fine.'
        }
      }
    },
    progress: (title: string) => `Progress of: ${title}`,
  },
  drop: {
    look: 'Look inside',
    lookHint: 'What it is, how large, whether it is sound. Nothing is changed.',
    convert: 'Convert',
    convertHint: 'Into qcow2 or raw. The original stays as it is.',
    oneOnly: 'One disk at a time, please.',
    searching: 'Looking for the file…',
    notFound: (name: string) =>
      `A browser does not tell where a dropped file lies, and ${name} was not found in the folders that Strata may read. Choose it here:`,
    several: (name: string) =>
      `A browser does not tell where a dropped file lies, and there are several copies of ${name}. Choose the one you mean:`,
  },
  files: {
    openTitle: 'Open a disk image',
    saveTitle: 'Save as',
    folderTitle: 'Choose a folder',
    baseTitle: 'Choose the base image',
    places: 'Places',
    filter: 'Filter',
    name: 'File name',
    up: 'One folder up',
    empty: 'This folder is empty.',
    noMatch: 'No name matches.',
    open: 'Open',
    save: 'Save here',
    choose: 'Choose this folder',
    path: 'Folder',
    folder: 'folder',
    list: 'Files and folders',
    filters: { images: 'Disk images', all: 'All files' },
  },
  error: {
    details: 'Details',
    copy: 'Copy the details',
    code: 'Code',
    offset: 'Offset',
    field: 'Field',
    file: 'File',
    tryAgain: 'Try again',
    title: (error: ErrorDto) => error.message,
  },
  common: { cancel: 'Cancel', unit: 'Unit', close: 'Close', bytes: 'bytes', copy: 'Copy', copied: 'Copied', loading: 'Reading…' },
} as const
