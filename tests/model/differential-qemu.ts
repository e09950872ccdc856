import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must, run, type Said } from '../oracle/qemu.ts'
import type { Step } from './differential-model.ts'
import { noiseFile } from './differential-noise.ts'
import type { Marks, Place, Player } from './differential-player.ts'

type DataStep = Extract<Step, { at: number }>

/** QEMU's own programs, one process for each run of steps that qemu-io can do, and one for each of the others. */
export class QemuPlayer implements Player {
  readonly name = 'QEMU'
  readonly #place: Place
  readonly #secret: string[]
  /** the image as QEMU's `--image-opts` name it */
  readonly image: string

  constructor(place: Place) {
    this.#place = place
    const { path, row, passphrase } = place
    const encrypted = row.encryption !== 'none'
    this.#secret = encrypted ? ['--object', `secret,id=s,data=${passphrase}`] : []
    this.image = `driver=qcow2,file.driver=file,file.filename=${path}${encrypted ? ',encrypt.key-secret=s' : ''}`
  }

  create(size: number): void {
    const { path, row, backing } = this.#place
    const options: Record<string, unknown> = {
      compat: row.compat,
      cluster_size: row.clusterSize,
      refcount_bits: row.refcountBits,
      extended_l2: onOff(row.extendedL2),
      lazy_refcounts: onOff(row.lazy),
      compression_type: row.packs === 'zstd' ? 'zstd' : 'zlib',
      ...(row.data !== 'inside' && { data_file: `${path}.data`, data_file_raw: onOff(row.data === 'raw outside') }),
      ...(row.encryption !== 'none' && { 'encrypt.format': row.encryption, 'encrypt.key-secret': 's' }),
      ...(row.encryption === 'luks' && { 'encrypt.iter-time': 10 }),
    }
    const below = backing ? ['-b', backing.path, '-F', backing.format] : []
    this.#img('create', '-q', '-f', 'qcow2', ...this.#secret, '-o', words(options), ...below, path, String(size))
    if (this.#showsUnwritten) this.#io([`write -z 0 ${size}`])
  }

  /** QEMU sets a raw data file aside, and decrypts what nobody wrote there. */
  get #showsUnwritten(): boolean {
    return this.#place.row.data === 'raw outside' && this.#place.row.encryption !== 'none'
  }

  play(steps: readonly Step[]): void {
    let commands: string[] = []
    const flush = (): void => {
      if (commands.length > 0) this.#io(commands)
      commands = []
    }
    for (const step of steps) {
      if ('at' in step) commands.push(...this.#commands(step))
      else {
        flush()
        this.#change(step)
      }
    }
    flush()
  }

  #commands(step: DataStep): string[] {
    const { at, length } = step
    switch (step.do) {
      case 'write':
        return [`write -s ${noiseFile(this.#place.folder, step.noise)} ${at} ${length}`]
      case 'zero':
        return [`write -z ${step.unmap ? '-u ' : ''}${at} ${length}`]
      case 'discard':
        return [`discard ${at} ${length}`]
      case 'pack':
        // It packs nothing over what is allocated.
        return [`discard ${at} ${length}`, `write -c -s ${noiseFile(this.#place.folder, step.noise)} ${at} ${length}`]
    }
  }

  #change(step: Exclude<Step, DataStep>): void {
    switch (step.do) {
      case 'snapshot':
        return void this.#on('snapshot', '-c', step.name)
      case 'apply':
        return void this.#on('snapshot', '-a', step.name)
      case 'remove':
        return void this.#on('snapshot', '-d', step.name)
      case 'resize': {
        const { from, to } = step
        const { clusterSize } = this.#place.row
        this.#img('resize', '-q', ...this.#secret, '--image-opts', ...(to < from ? ['--shrink'] : []), this.image, String(to))
        // What lies in the file behind the end of a disk comes to light again when QEMU grows it.
        const tail = Math.min(to, this.#showsUnwritten ? to : Math.ceil(from / clusterSize) * clusterSize) - from
        if (tail > 0) this.#io([`write -z ${from} ${tail}`])
        return
      }
      case 'amend': {
        const { compat, lazyRefcounts, refcountBits } = step
        const options = {
          ...(compat !== undefined && { compat }),
          ...(lazyRefcounts !== undefined && { lazy_refcounts: onOff(lazyRefcounts) }),
          ...(refcountBits !== undefined && { refcount_bits: refcountBits }),
        }
        return void this.#on('amend', '-q', '-o', words(options))
      }
      case 'bitmap add':
        return void this.#onBitmap(step.name, '--add', '-g', String(step.granularity))
      case 'bitmap merge':
        return void this.#onBitmap(step.name, '--merge', step.from)
      default:
        return void this.#onBitmap(step.name, `--${step.do.slice('bitmap '.length)}`)
    }
  }

  check(): string {
    const { exit, stdout, stderr } = this.#run('qemu-img', ['check', ...this.#secret, '--image-opts', this.image])
    return exit === 0 && stdout.includes('No errors were found') ? '' : `${stdout}${stderr}`
  }

  differs(bytes: Uint8Array): string {
    const plain = join(this.#place.folder, 'model.raw')
    writeFileSync(plain, bytes)
    return this.compare(`driver=raw,file.driver=file,file.filename=${plain}`)
  }

  /** What the image holds other than another does, whose options are given; '' where both agree. */
  compare(other: string): string {
    const { exit, stdout, stderr } = this.#run('qemu-img', ['compare', ...this.#secret, '--image-opts', other, this.image])
    return exit === 0 && stdout === 'Images are identical.\n' ? '' : `${stdout}${stderr}`
  }

  snapshot(name: string): Uint8Array {
    const plain = join(this.#place.folder, 'snapshot.raw')
    this.#img('convert', '-q', ...this.#secret, '--image-opts', '-l', `snapshot.name=${name}`, '-O', 'raw', this.image, plain)
    return readFileSync(plain)
  }

  /** By way of a server: no command prints what a bitmap marks. It serves a bitmap only when nothing writes to it, so a copy's is disabled. */
  marks(name: string): Marks {
    const { folder, path } = this.#place
    const [copy, socket] = [join(folder, 'copy.qcow2'), join(folder, 'socket')]
    copyFileSync(path, copy)
    const image = this.image.replace(path, copy)
    this.#img('bitmap', '--disable', ...this.#secret, '--image-opts', image, name)
    this.#must('qemu-nbd', ['--fork', '-r', '-k', socket, '-B', name, ...this.#secret, '--image-opts', image])
    const server = `driver=nbd,server.type=unix,server.path=${socket},x-dirty-bitmap=qemu:dirty-bitmap:${name}`
    const map = JSON.parse(this.#img('map', '--output=json', '--image-opts', server)) as { start: number; length: number; data: boolean }[]
    // The server goes when its one client has gone, and takes the socket along.
    for (let waits = 0; existsSync(socket) && waits < 500; waits++) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    return map.filter(({ data }) => !data).map(({ start, length }) => ({ at: start, length }))
  }

  #on(verb: string, ...args: string[]): string {
    return this.#img(verb, ...args, ...this.#secret, '--image-opts', this.image)
  }

  #onBitmap(name: string, ...args: string[]): string {
    return this.#img('bitmap', ...args, ...this.#secret, '--image-opts', this.image, name)
  }

  #img(...args: string[]): string {
    return this.#must('qemu-img', args)
  }

  #io(commands: readonly string[]): void {
    const said = this.#must('qemu-io', [
      ...this.#secret,
      '-d',
      'unmap',
      '--image-opts',
      ...commands.flatMap((command) => ['-c', command]),
      this.image,
    ])
    if (/failed|error|invalid/i.test(said)) throw new Error(`qemu-io ${commands.join('; ')}: ${said}`)
  }

  #must(program: string, args: readonly string[]): string {
    return must(program, args, this.#place.folder)
  }

  #run(program: string, args: readonly string[]): Said {
    return run(program, args, this.#place.folder)
  }
}

function words(options: Record<string, unknown>): string {
  return Object.entries(options)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(',')
}

function onOff(on: boolean): string {
  return on ? 'on' : 'off'
}
