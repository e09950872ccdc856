import type { EncryptionInfo } from '../../../shared/model.ts'
import { ceilDiv } from '../../base/ints.ts'
import type { CryptoProvider } from '../../crypto/crypto-provider.ts'
import { describeLuks } from '../../crypto/describe-luks.ts'
import { type OpenLuks, openLuks, readLuksHeader } from '../../crypto/luks.ts'
import type { LuksStore } from '../../crypto/luks-area.ts'
import { createLuks, luksAreaBytes, type LuksOptions } from '../../crypto/luks-create.ts'
import { addKey, changeKey, removeKeys, slotsOf } from '../../crypto/luks-keys.ts'
import { readPadded, type Storage } from '../../io/storage.ts'
import type { KeyFacet } from '../driver.ts'
import { encodeHeader, type Header } from './header.ts'
import type { Image } from './image.ts'
import { CRYPT, EXTENSION, LuksExtension } from './layout.ts'
import { type LuksPlace, luksPlace } from './luks-place.ts'

/** How an image is encrypted, which anybody may know; undefined where it is not. Throws for an encryption header that is damaged. */
export function describeEncryption(header: Header, storage: Storage): EncryptionInfo | undefined {
  if (header.cryptMethod === CRYPT.aes) return { format: 'aes' }
  const place = luksPlace(header, storage)
  return place && describeLuks(readLuksHeader(storeOf(storage, place), { path: storage.path, offset: place.at }))
}

/**
 * Unlocks an image's LUKS header; undefined where it has none. The caller wipes cipher and master key. The cipher numbers sectors by
 * where they lie in the file. Throws `WRONG_PASSPHRASE`, or what is wrong with the header.
 */
export function unlockEncryption(header: Header, storage: Storage, passphrase: Uint8Array, crypto: CryptoProvider): OpenLuks | undefined {
  const place = luksPlace(header, storage)
  return place && openLuks(storeOf(storage, place), passphrase, crypto, { path: storage.path, offset: place.at })
}

/**
 * Gives an empty image a LUKS header in clusters of its own, and only then names it in the image's header. Nothing may have been written
 * to the disk yet. The caller wipes cipher and master key.
 */
export function createEncryption(image: Image, options: LuksOptions, passphrase: Uint8Array, crypto: CryptoProvider): OpenLuks {
  const { storage, header, geometry, allocator } = image
  image.touch()
  const length = luksAreaBytes(options.spec)
  const clusters = ceilDiv(length, geometry.clusterSize)
  const at = allocator.allocate(clusters)
  storage.zeroAt(at, clusters * geometry.clusterSize)
  const luks = createLuks(storeOf(storage, { at, length }), options, passphrase, crypto)
  image.flush()
  const data = new Uint8Array(LuksExtension.size)
  LuksExtension.encode({ offset: at, length }, data)
  header.cryptMethod = CRYPT.luks
  header.extensions.unshift({ type: EXTENSION.luks, data })
  storage.writeAt(0, encodeHeader(header, storage.path))
  storage.flush()
  return luks
}

/** The passphrases of an image; `luks` is what `unlockEncryption` gave, and is changed with the file. */
export function keyFacet(image: Image, luks: OpenLuks, crypto: CryptoProvider): KeyFacet {
  const { header } = luks
  const store = (): LuksStore => {
    // Refuses an image where another structure lies over the key slots.
    image.touch()
    return storeOf(image.storage, luksPlace(image.header, image.storage)!)
  }
  return {
    list: () => header.slots.map(({ active }, index) => ({ index, active })),
    add: (passphrase, options) => addKey(store(), luks, passphrase, options, crypto),
    change: (from, to, cost) => changeKey(store(), luks, { from, to }, cost, crypto),
    remove(which, force) {
      const place = store()
      const slots = 'slot' in which ? [which.slot] : slotsOf(place, header, which.passphrase, crypto)
      removeKeys(place, header, slots, force, crypto)
    },
  }
}

function storeOf(storage: Storage, { at: start, length }: LuksPlace): LuksStore {
  return {
    length,
    read(at, count) {
      const bytes = new Uint8Array(count)
      readPadded(storage, start + at, bytes)
      return bytes
    },
    write: (at, bytes) => storage.writeAt(start + at, bytes),
    flush: () => storage.flush(),
  }
}
