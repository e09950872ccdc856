import type { OracleCase } from './oracle-case.ts'

const SECRET = '--object secret,id=s,data=hunter2'
const LUKS = '-o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10'
const OPENED = 'the image opens without its passphrase for all but the guest’s bytes'

/** A master key, and the passphrase of the images under it. */
const MASTER = '--object secret,id=m,format=base64,data=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE='
const IV = 'AAAAAAAAAAAAAAAAAAAAAg=='
const SEALED = 'secret,id=s,format=base64,data=YQAn3otfXCP39ROI0yd5Gw=='
const UNDER_MASTER = `${MASTER} --object ${SEALED},keyid=m,iv=${IV}`
const OPEN = '--image-opts driver=qcow2,file.filename=luks.qcow2,encrypt.key-secret=s'

/** What makes a secret of it, in each of QEMU's ways. */
const OBJECTS: readonly OracleCase[] = [
  { line: `convert ${UNDER_MASTER} ${OPEN} x.raw`, makes: 'x.raw' },
  { line: `convert --object secret,id=s,format=base64,data=aHVudGVyMg== ${OPEN} x.raw`, makes: 'x.raw' },
  { line: `convert --object secret,id=s,format=base64,data=aHVudGVyMg ${OPEN} x.raw` },
  { line: `convert --object {"qom-type":"secret","id":"s","data":"hunter2"} ${OPEN} x.raw`, makes: 'x.raw' },
  { line: `convert --object id=s,qom-type=secret,data=wrong,data=hunter2, ${OPEN} x.raw`, makes: 'x.raw' },
  ...[
    `${UNDER_MASTER} --object secret,id=s,data=again`,
    `--object ${SEALED},keyid=m,iv=${IV} ${MASTER}`,
    `${MASTER} --object ${SEALED},keyid=m`,
    `${MASTER} --object ${SEALED},iv=${IV}`,
    `${MASTER} --object ${SEALED},keyid=z,iv=${IV}`,
    `${MASTER} --object ${SEALED},keyid=m,iv=AAAA`,
    `${MASTER} --object ${SEALED},keyid=m,iv=!!`,
    `${MASTER} --object secret,id=s,format=base64,data=aGVsbG8=,keyid=m,iv=${IV}`,
    `${MASTER} --object secret,id=s,data=0123456789abcdef,keyid=m,iv=${IV}`,
    `--object secret,id=m,data=short --object ${SEALED},keyid=m,iv=${IV}`,
    '--object secret,id=s,data=a$,format=base64',
    '--object secret,id=s,data=a,format=hex',
    '--object secret,id=s,file=.',
    '--object secret,id=s,nosuch=x',
    '--object secret,id=1x,data=a',
    '--object secret,id=,data=a',
    '--object secret,id=s,data',
    '--object secret,secret,id=s',
    '--object ,id=s',
    '--object []',
    '--object {"id":"s"}',
    '--object {"qom-type":"secret","id":"s"}',
    '--object {"qom-type":"secret","id":"s","data":5}',
    '--object {"qom-type":"secret","id":"s","nosuch":"5"}',
    '--object {"qom-type":"nosuch","id":"s"}',
  ].map((objects) => ({ line: `map ${objects} ${OPEN}` })),
  {
    line: `map --object {"qom-type":"secret" ${OPEN}`,
    differs: { stderr: 'what does not parse may hold a passphrase, so nothing of it is said' },
  },
]

export const ENCRYPTION: readonly OracleCase[] = [
  { line: `create -f qcow2 ${SECRET} ${LUKS} x.qcow2 1M`, real: true },
  { line: `create -f qcow2 ${SECRET} -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10,compat=0.10 x.qcow2 1M` },
  {
    line: `create -f qcow2 ${SECRET} -o encrypt.iter-time=10,encrypt.hash-alg=sha1,encrypt.ivgen-hash-alg=sha256,encrypt.ivgen-alg=essiv,encrypt.cipher-mode=cbc,encrypt.cipher-alg=aes-128,encrypt.key-secret=s,encrypt.format=luks x.qcow2 1M`,
  },
  { line: `create -f qcow2 ${SECRET} -o encrypt.format=aes,encrypt.key-secret=s x.qcow2 1M`, differs: { stderr: 'a warning' } },
  { line: `create -f qcow2 ${SECRET} -o encryption=on,encrypt.key-secret=s x.qcow2 1M`, differs: { stderr: 'a warning' } },
  { line: 'create -f qcow2 -o encrypt.format=foo x.qcow2 1M' },
  { line: 'create -f qcow2 -o encrypt.format=luks x.qcow2 1M' },
  { line: 'create -f qcow2 -o encryption=on x.qcow2 1M' },
  { line: 'create -f qcow2 -o encrypt.key-secret=s x.qcow2 1M' },
  { line: `create -f qcow2 ${SECRET} -o encryption=on,encrypt.format=luks,encrypt.key-secret=s x.qcow2 1M` },
  { line: `create -f qcow2 ${SECRET} -o encrypt.format=luks,encrypt.key-secret=t x.qcow2 1M` },
  { line: `create -f qcow2 ${SECRET} -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=abc x.qcow2 1M` },
  { line: `create -f qcow2 ${SECRET} -o encrypt.format=luks,encrypt.key-secret=s,encrypt.cipher-alg=foo x.qcow2 1M` },
  {
    line: `create -f qcow2 ${SECRET} -o encrypt.format=luks,encrypt.key-secret=s,encrypt.cipher-alg=serpent-256,encrypt.iter-time=10 x.qcow2 1M`,
    differs: { refused: 'no maintained package has this cipher' },
  },
  { line: `create -f qcow2 ${SECRET} -o encrypt.format=aes,encrypt.key-secret=s,encrypt.cipher-alg=aes-256 x.qcow2 1M` },
  { line: 'create -f qcow2 --object secret,id=s x.qcow2 1M' },
  { line: 'create -f qcow2 --object secret,data=s x.qcow2 1M' },
  { line: 'create -f qcow2 --object secret,id=s,data=a,file=b x.qcow2 1M' },
  { line: 'create -f qcow2 --object nosuch,id=s x.qcow2 1M' },
  { line: 'create -f qcow2 --object secret,id=s,file=none x.qcow2 1M' },
  { line: `convert ${SECRET} --image-opts driver=qcow2,file.filename=luks.qcow2,encrypt.key-secret=s x.raw`, makes: 'x.raw', real: true },
  { line: `convert ${SECRET} --image-opts driver=qcow2,file.filename=aes.qcow2,encrypt.key-secret=s x.raw`, makes: 'x.raw' },
  { line: `convert ${SECRET} --image-opts driver=qcow2,file.filename=luks.qcow2,encrypt.key-secret=s -O qcow2 x.qcow2`, makes: 'x.qcow2' },
  { line: `convert -O qcow2 ${SECRET} ${LUKS} data.raw x.qcow2` },
  { line: `convert -c -O qcow2 ${SECRET} ${LUKS} data.raw x.qcow2` },
  { line: 'convert luks.qcow2 x.raw' },
  { line: 'convert --object secret,id=s,data=wrong --image-opts driver=qcow2,file.filename=luks.qcow2,encrypt.key-secret=s x.raw' },
  { line: `convert ${SECRET} --image-opts driver=qcow2,file.filename=luks.qcow2,encrypt.key-secret=t x.raw` },
  { line: `convert -f qcow2 ${SECRET} --image-opts driver=qcow2,file.filename=luks.qcow2,encrypt.key-secret=s x.raw` },
  { line: 'convert --image-opts data.raw x.raw' },
  {
    line: ['convert', 'json:{"driver":"raw","file":{"driver":"file","filename":"data.raw"}}', 'x.raw'],
    with: ['data.raw'],
    makes: 'x.raw',
  },
  { line: 'info luks.qcow2' },
  { line: 'info --output=json luks.qcow2' },
  { line: 'info aes.qcow2' },
  { line: 'info --output=json aes.qcow2' },
  {
    line: `info ${SECRET} --image-opts driver=qcow2,file.filename=luks.qcow2,encrypt.key-secret=s`,
    differs: { stdout: 'the name is the path' },
  },
  { line: 'check luks.qcow2', differs: { exit: { code: 0, because: OPENED }, stdout: OPENED, stderr: OPENED } },
  ...OBJECTS,
]
