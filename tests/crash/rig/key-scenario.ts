import type { MemoryStorage } from '../../../src/engine/io/memory.ts'
import { DEFAULT_OPTIONS } from '../../../src/engine/formats/options.ts'
import { Disk } from '../../../src/engine/device/disk.ts'
import { qcow2 } from '../../../src/engine/formats/qcow2/index.ts'
import { MemorySystem } from '../../../src/engine/io/memory-system.ts'
import { StrataError } from '../../../src/shared/errors.ts'
import { native } from '../../fixtures/platform.ts'
import { assertSound, bytesOf, openDriver } from './judge-image.ts'
import { RecordedSystem } from './recorded-system.ts'
import type { Scenario } from './scenario.ts'

const [FIRST, SECOND, THIRD] = ['the first one', 'the second one', 'the third one'].map((text) => new TextEncoder().encode(text)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
]
/** As few as LUKS allows: the rig does not test how dear a guess is. */
const COST = { iterations: 1000 }

/** Passphrases that are added, changed and removed: at every moment one that should open the disk does, and it reads the same. */
export const KEY_SCENARIO: Scenario = {
  name: 'key slots',
  share: 0.005,
  most: 6,
  record: (random) => {
    const memory = new MemorySystem()
    const options = { ...DEFAULT_OPTIONS, encrypt: { format: 'luks', secret: 'image', iterTime: 1 } } as const
    const driver = qcow2.create({ storage: memory.create('/image'), ...native, size: 65_536, options, passphrase: FIRST.slice() })
    const content = random.bytes(65_536)
    const disk = new Disk('image', driver)
    disk.writeAt(0, content)
    disk.close()
    const recorded = new RecordedSystem(memory)
    const { start, calls } = recorded
    const changed = qcow2.open({ storage: recorded.files.open('/image', true), ...native, writable: true, passphrase: FIRST.slice() })
    changed.keys!.add(SECOND.slice(), COST)
    const added = calls.length
    changed.keys!.change(FIRST.slice(), THIRD.slice(), COST)
    const replaced = calls.length
    changed.keys!.remove({ passphrase: SECOND.slice() }, false)
    const removed = calls.length
    changed.close()

    const opens = (image: MemoryStorage, passphrase: Uint8Array): boolean => {
      try {
        if (Buffer.compare(bytesOf(openDriver(image, false, passphrase)), content) !== 0) throw new Error('the disk reads otherwise')
        return true
      } catch (error) {
        if (error instanceof StrataError) return false
        throw error
      }
    }
    return {
      start,
      calls,
      judge: (left, at) => {
        const image = left.get('/image')!
        assertSound(image)
        // Between two changes exactly what was acknowledged has to open it; within one, what opened it before or what does after.
        if (at < added && !opens(image, FIRST)) throw new Error('the first passphrase is lost')
        if (at >= added && at < replaced && !opens(image, SECOND)) throw new Error('the added passphrase is lost')
        if (at >= added && at < replaced && !opens(image, FIRST) && !opens(image, THIRD))
          throw new Error('neither the old nor the new passphrase opens it')
        if (at >= replaced && !opens(image, THIRD)) throw new Error('the new passphrase is lost')
        if (at >= removed && opens(image, SECOND)) throw new Error('a passphrase that was removed opens it')
      },
    }
  },
}
