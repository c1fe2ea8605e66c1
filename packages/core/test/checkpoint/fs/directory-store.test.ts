/** The directory checkpoint: the conformance suite, crashes, and what only a file system can do. */
import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { openDirectoryStore } from '../../../src/checkpoint/fs/directory-store.ts'
import { storeFailure } from '../../../src/checkpoint/fs/failure.ts'
import { fs } from '../../../src/checkpoint/fs/index.ts'
import { decodeRecord } from '../../../src/checkpoint/record.ts'
import type { ObjectStore } from '../../../src/checkpoint/object-store.ts'
import { objectStoreSuite } from '../../../src/testing/conformance/object-store.ts'
import { contextIn, inTempDir, makeTempDir, quietEnv } from '../context.ts'

const one = Uint8Array.of(1)

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('it resolved'),
    (error: unknown) => error,
  )
}

describe('directory checkpoint', () => {
  describe('passes the conformance suite of object stores', function () {
    this.timeout(30_000) // a thousand fsyncs on a busy disk
    const suite = objectStoreSuite(async () => {
      const dir = await makeTempDir()
      const reopen = (): Promise<ObjectStore> => openDirectoryStore(dir, quietEnv)
      return {
        store: await reopen(),
        reopen,
        dispose: () => rm(dir, { recursive: true, force: true }),
      }
    })
    for (const c of suite) it(c.title, c.run)
  })

  it('leaves no torn object and loses no answered one when its process is killed', async () => {
    await Promise.all([10, 25, 45].map((answers) => inTempDir((dir) => killAfter(answers, dir))))
  }).timeout(10_000)

  it('touches nothing before its spec is opened, then makes the directory', async () => {
    await inTempDir(async (dir) => {
      const spec = fs(join(dir, 'a/b'), { every: '2s' })
      expect(spec).to.deep.include({
        kind: 'millrace.checkpoint',
        type: 'fs',
        options: { every: '2s' },
      })
      expect(Object.isFrozen(spec)).to.equal(true)
      expect(await readdir(dir)).to.deep.equal([])
      const store = await spec.open(contextIn(dir))
      await store.create('x/y', one)
      expect(await readdir(join(dir, 'a/b/x'))).to.deep.equal(['y'])
      expect(await (await spec.open(contextIn(dir))).list('')).to.deep.equal(['x/y'])
    })
  })

  it('refuses what is no directory path', () => {
    for (const dir of ['', 'a\0b'])
      expect(() => fs(dir))
        .to.throw()
        .with.property('code', 'MILLRACE_CONFIG')
  })

  it('passes over temporary files, and sweeps old ones when it opens', async () => {
    await inTempDir(async (dir) => {
      await openDirectoryStore(dir, quietEnv)
      const [old, fresh] = [join(dir, '+tmp/old'), join(dir, '+tmp/fresh')]
      await writeFile(old, one)
      await writeFile(fresh, one)
      const hoursAgo = Date.now() / 1_000 - 7_200
      await utimes(old, hoursAgo, hoursAgo)
      const store = await openDirectoryStore(dir, quietEnv)
      expect(await readdir(join(dir, '+tmp'))).to.deep.equal(['fresh'])
      expect(await store.list('')).to.deep.equal([])
    })
  })

  it('leaves no temporary file behind a create, won or lost', async () => {
    await inTempDir(async (dir) => {
      const store = await openDirectoryStore(dir, quietEnv)
      for (const key of ['a', 'a', 'b/c']) await store.create(key, one)
      expect(await readdir(join(dir, '+tmp'))).to.deep.equal([])
    })
  })

  it('goes on when its folders are removed by hand', async () => {
    await inTempDir(async (dir) => {
      const store = await openDirectoryStore(dir, quietEnv)
      await store.create('a/b/1', one)
      await rm(join(dir, 'a'), { recursive: true })
      await rm(join(dir, '+tmp'), { recursive: true })
      expect(await rejection(store.create('a/b/2', one))).to.have.property(
        'code',
        'MILLRACE_OBJECT_STORE',
      )
      expect(await store.create('a/b/2', one)).to.equal('created')
    })
  })

  it('passes over names that no key has', async () => {
    await inTempDir(async (dir) => {
      const store = await openDirectoryStore(dir, quietEnv)
      await writeFile(join(dir, 'with space'), one)
      await mkdir(join(dir, 'lost+found'))
      await store.create('a', one)
      expect(await store.list('')).to.deep.equal(['a'])
    })
  })

  it('follows no symbolic link out of its directory', async () => {
    await inTempDir(async (dir) => {
      const outside = await mkdtemp(join(dir, 'outside-'))
      await writeFile(join(outside, 'secret'), one)
      const root = join(dir, 'root')
      const store = await openDirectoryStore(root, quietEnv)
      await symlink(outside, join(root, 'folder'))
      await symlink(join(outside, 'secret'), join(root, 'file'))
      for (const call of [
        () => store.create('folder/new', one),
        () => store.get('folder/secret'),
        () => store.list('folder/'),
        () => store.delete(['folder/secret']),
      ]) {
        expect(await rejection(call())).to.have.property('code', 'MILLRACE_CONFIG')
      }
      expect(await rejection(store.get('file'))).to.have.property('code', 'MILLRACE_OBJECT_STORE')
      expect(await store.list('')).to.deep.equal([])
      expect(await readdir(outside)).to.deep.equal(['secret'])
    })
  })

  it('takes a root that is itself reached by a symbolic link', async () => {
    await inTempDir(async (dir) => {
      await mkdir(join(dir, 'real'))
      await symlink(join(dir, 'real'), join(dir, 'link'))
      const store = await openDirectoryStore(join(dir, 'link'), quietEnv)
      await store.create('a/b', one)
      expect(await store.list('a/')).to.deep.equal(['a/b'])
    })
  })

  it('refuses a key that is the folder of another one', async () => {
    await inTempDir(async (dir) => {
      const store = await openDirectoryStore(dir, quietEnv)
      await store.create('a/b', one)
      expect(await rejection(store.create('a', one))).to.have.property('code', 'MILLRACE_CONFIG')
      expect(await rejection(store.create('a/b/c', one))).to.have.property(
        'code',
        'MILLRACE_OBJECT_STORE',
      )
    })
  })

  it('says what to do when the file system refuses', async () => {
    const cases: [string, string][] = [
      ['ENOSPC', 'the disk is full: free space'],
      ['EACCES', 'this process may not'],
      ['EROFS', 'mounted read-only'],
      ['EWHATEVER', 'check the directory'],
    ]
    for (const [code, text] of cases) {
      const failure = storeFailure(
        'create object k',
        '/data/k',
        Object.assign(new Error(`${code}: no`), { code }),
      )
      expect(failure).to.include({ code: 'MILLRACE_OBJECT_STORE', family: 'retriable' })
      expect(failure.message).to.include('/data/k').and.include(text).and.include(code)
    }
    await inTempDir(async (dir) => {
      await writeFile(join(dir, 'file'), one)
      const error = await rejection(openDirectoryStore(join(dir, 'file'), quietEnv))
      expect(error).to.have.property('code', 'MILLRACE_OBJECT_STORE')
      expect(error)
        .to.have.property('message')
        .that.includes('a file stands where a folder is needed')
    })
  })
})

/** Lets a child write until it has had so many answers, kills it, and looks at what is there. */
async function killAfter(answers: number, dir: string): Promise<void> {
  const script = fileURLToPath(new URL('writer-process.ts', import.meta.url))
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=@millrace/source', script, dir],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const answered: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    answered.push(line)
    if (answered.length === answers) child.kill('SIGKILL')
  }
  expect(answered.length).to.be.at.least(answers)

  const store = await openDirectoryStore(dir, quietEnv)
  const keys = await store.list('')
  expect(keys).to.include.members(answered)
  for (const key of keys) decodeRecord((await store.get(key))!.bytes, undefined, key)
}
