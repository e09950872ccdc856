import type { Client, WindowApi } from '../../../shared/api.ts'
import type { DiskLayout } from '../../../shared/disk-layout.ts'
import { toErrorDto, type ErrorDto } from '../../../shared/errors.ts'
import type { DiskInfo } from '../../../shared/model.ts'
import type { MapRun } from '../../../shared/requests.ts'
import { MapRanges } from './map-ranges.svelte.ts'
import { MapCells, type MapSums } from '../lib/map-cells.ts'
import { cellCount, cellRange, panned, viewOf, zoomed, type MapFrame, type MapView } from '../lib/map-view.ts'

/** Milliseconds that the engine may look for one answer: short, so that the picture fills while one watches. */
const PATIENCE = 80
/** Cells of the line that shows the whole disk. */
const STRIP_CELLS = 1024
/** A raw disk has no clusters; this much of it is the smallest thing worth a cell. */
const RAW_CLUSTER = 4096
/** Runs that are told of one cell. */
const RUNS = 6

/** The picture of one disk: which part of it is in view, and what is known of that. */
export class DiskMap {
  readonly #client: Client<WindowApi>
  readonly #disk: DiskInfo
  /** the ranges of the view, for who asks for figures */
  readonly ranges: MapRanges
  readonly #cluster: number
  readonly #first: number | undefined
  #room = 1
  #view = $state.raw<MapView>({ start: 0, length: 0, cellSize: 1 })
  /** boxed anew whenever more of them is known, so that who shows them looks again */
  #cells = $state.raw({ now: new MapCells(0) })
  #strip = $state.raw({ now: new MapCells(0) })
  #layout = $state.raw<DiskLayout | undefined>(undefined)
  #grain = $state(0)
  #error = $state.raw<ErrorDto | undefined>(undefined)
  #cursor = $state<number | undefined>(undefined)
  #runs = $state.raw<MapRun[]>([])
  /** the view that is asked for; `#view` is the one whose cells are there, and stays until the first cells of this one come */
  #wanted: MapView = { start: 0, length: 0, cellSize: 1 }
  #reading: Promise<void> = Promise.resolve()
  #turn = 0
  #runsTurn = 0

  /** bytes of each kind in the view, as far as it is known */
  readonly sums = $derived<MapSums>(this.#cells.now.sums(this.#view.cellSize, this.#view.length))
  readonly complete = $derived(this.#cells.now.known === this.#cells.now.count)
  readonly whole = $derived(this.#view.length >= this.size)

  /** `first`: the guest byte that is shown first, as near as can be; absent means the whole disk. */
  constructor(disk: DiskInfo, client: Client<WindowApi>, first?: number) {
    this.#first = first
    this.#client = client
    this.#disk = disk
    this.ranges = new MapRanges(disk, client)
    this.#cluster = disk.clusterSize ?? RAW_CLUSTER
  }

  /** guest bytes */
  get size(): number {
    return this.#disk.virtualSize
  }

  /** how many things on the disk are worth a cell */
  get clusters(): number {
    return Math.max(1, Math.ceil(this.size / this.#cluster))
  }

  get view(): MapView {
    return this.#view
  }

  get cells(): MapCells {
    return this.#cells.now
  }

  get strip(): MapCells {
    return this.#strip.now
  }

  /** guest bytes of one cell of the strip */
  get stripCell(): number {
    return Math.max(1, Math.ceil(this.size / STRIP_CELLS))
  }

  /** what the guest has put on the disk; undefined while that is not known, or can't be read */
  get layout(): DiskLayout | undefined {
    return this.#layout
  }

  /** within blocks of so many guest bytes it is known what there is, not where; 0 where all is known */
  get grain(): number {
    return this.#grain
  }

  get error(): ErrorDto | undefined {
    return this.#error
  }

  /** the cell that is pointed at */
  get cursor(): number | undefined {
    return this.#cursor
  }

  /** where the bytes of that cell lie, the first runs of it */
  get runs(): MapRun[] {
    return this.#runs
  }

  /** Reads the strip; the view is read once there is room for it. */
  read(): Promise<void> {
    return this.#readStrip()
  }

  /** Says how many cells there is room for; the part of the disk that was in view stays there. */
  fit(cells: number): void {
    if (cells === this.#room || cells < 1) return
    const { start, length } = this.#wanted
    this.#room = cells
    if (length > 0) this.show(viewOf(this.frame, start, length))
    else if (this.#first === undefined) this.showAll()
    else this.goTo(this.#first)
  }

  get frame(): MapFrame {
    return { size: this.size, cluster: this.#cluster, cells: this.#room }
  }

  show(view: MapView): void {
    const { start, length, cellSize } = this.#wanted
    if (view.start === start && view.length === length && view.cellSize === cellSize) return
    this.#wanted = view
    this.#readView()
  }

  showAll(): void {
    this.show(viewOf(this.frame, 0, this.size))
  }

  /** Comes nearer (over 1) or goes away, around a byte of the disk; without one, around the cell that is pointed at, or the middle. */
  zoom(factor: number, anchor?: number): void {
    const { start, length } = this.#wanted
    const pointed = this.#cursor === undefined ? undefined : cellRange(this.#view, this.#cursor).start
    this.show(zoomed(this.frame, this.#wanted, factor, anchor ?? pointed ?? start + length / 2))
  }

  pan(cells: number): void {
    this.show(panned(this.frame, this.#wanted, cells))
  }

  /** Brings a place into view as near as can be, and points at it. */
  goTo(offset: number): void {
    const at = Math.max(0, Math.min(offset, this.size - 1))
    const near = viewOf(this.frame, 0, this.#room * this.#cluster)
    this.show(viewOf(this.frame, at - near.length / 2, near.length))
    void this.#reading.then(() => this.point(Math.floor((at - this.#view.start) / this.#view.cellSize)))
  }

  /** Points at a cell and reads where its bytes lie. */
  point(cell: number | undefined): void {
    const next = cell === undefined ? undefined : Math.max(0, Math.min(cell, cellCount(this.#view) - 1))
    if (next === this.#cursor) return
    this.#cursor = next
    this.#runs = []
    void this.#readRuns()
  }

  /** One question at a time: of the views that a turning wheel asks for, only the last is read to its end. */
  #readView(): void {
    const turn = ++this.#turn
    const view = this.#wanted
    const cells = new MapCells(cellCount(view))
    const wanted = (): boolean => turn === this.#turn
    const before = this.#reading
    this.#reading = before.then(() =>
      this.#fill(cells, view, wanted, () => {
        if (cells !== this.cells) {
          this.#view = view
          this.point(undefined)
        }
        this.#cells = { now: cells }
      }),
    )
  }

  async #readStrip(): Promise<void> {
    const view = { start: 0, length: this.size, cellSize: this.stripCell }
    const strip = new MapCells(cellCount(view))
    await this.#fill(
      strip,
      view,
      () => true,
      () => (this.#strip = { now: strip }),
    )
  }

  /** Asks until all cells are known, or nobody wants them any more; says so whenever some came. */
  async #fill(cells: MapCells, { start, length, cellSize }: MapView, wanted: () => boolean, came: () => void): Promise<void> {
    const { path, format } = this.#disk
    try {
      for (let at: number | undefined = start; at !== undefined && wanted();) {
        const left = start + length - at
        const answer = await this.#client.mapOverview({ path, format, start: at, length: left, cellSize, milliseconds: PATIENCE })
        if (!wanted()) return
        cells.take(answer)
        this.#grain = answer.grain
        came()
        this.#error = undefined
        at = answer.next
      }
    } catch (error) {
      if (wanted()) this.#error = toErrorDto(error)
    }
  }

  /** Reads the partitions, for which an encrypted disk must be unlocked. */
  async readLayout(): Promise<void> {
    const { path, format } = this.#disk
    // Without the guest's partitions the map is still the map.
    this.#layout = await this.#client.layout({ path, format }).catch(() => undefined)
  }

  async #readRuns(): Promise<void> {
    const turn = ++this.#runsTurn
    if (this.#cursor === undefined) return
    const { path, format } = this.#disk
    const { start, length } = cellRange(this.#view, this.#cursor)
    const { runs } = await this.#client.map({ path, format, start, length, most: RUNS }).catch(() => ({ runs: [] }))
    if (turn === this.#runsTurn) this.#runs = runs
  }
}
