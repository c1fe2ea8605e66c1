// The tidy checks, checked: each on a sample that breaks its rule and on one that only looks like it.
import { assert } from 'chai'
import { checkExports, deadFiles, loadsTooEarly, undeclared, type Manifest } from './doors.ts'
import { matches } from './files.ts'
import { checkImports, layerOf } from './imports.ts'
import { coreLayers } from './layers.ts'
import { readSource, type Source } from './source.ts'
import {
  emptyNames,
  headerless,
  hotPathWords,
  moduleState,
  refusedWords,
  unfinished,
} from './words.ts'

const core = (path: string, text: string): Source => readSource(`packages/core/src/${path}`, text)

/** Findings without the path in front, so that the tables below stay readable. */
const said = (findings: string[]): string[] => findings.map((it) => it.replace(/^\S+ /, ''))

describe('the scan of a source file', () => {
  it('sees every form of import, and what kind it is', () => {
    const text = `// header
import a, { b } from './static.ts'
import * as c from "./star.ts"
import './bare.ts'
import type { D } from './type.ts'
import { type E } from './inline.ts'
import {
  f,
} from './lines.ts'
export { g } from './again.ts'
export * from './all.ts'
export interface Nothing {}
export type { H } from './type-again.ts'
const i = await import('./call.ts')
type J = typeof import('./typeof.ts')
const k = import(\`./\${name}.ts\`)
new Worker(new URL('./worker.ts', import.meta.url))
`
    const found = readSource('x.ts', text).imports.map((it) => [it.kind, it.specifier, it.line])
    assert.deepEqual(found, [
      ['static', './static.ts', 2],
      ['static', './star.ts', 3],
      ['static', './bare.ts', 4],
      ['type', './type.ts', 5],
      ['static', './inline.ts', 6],
      ['static', './lines.ts', 7],
      ['static', './again.ts', 10],
      ['static', './all.ts', 11],
      ['type', './type-again.ts', 13],
      ['dynamic', './call.ts', 14],
      ['type', './typeof.ts', 15],
      ['dynamic', undefined, 16],
      ['dynamic', './worker.ts', 17],
    ])
  })

  it('takes imports in comments and strings for what they are', () => {
    const text = `// import a from './a.ts'
/* export * from './b.ts' */
const c = "import d from './d.ts'"
const e = \`import('./f.ts') \${g('}')} import './h.ts'\`
const r = /import '.\\/i.ts'/g
from('./j.ts')
`
    assert.deepEqual(readSource('x.ts', text).imports, [])
  })

  it('blanks comments and strings and keeps positions', () => {
    const text = "a('x // y') // TODO\nb = c / d / e /* f */ + `g${h({ i: `j` })}k`\n"
    const { code, comments } = readSource('x.ts', text)
    assert.equal(code, "a('      ')        \nb = c / d / e         + ` ${h({ i: ` ` })} `\n")
    assert.equal(comments.trim().replaceAll(/\s+/g, ' '), '// TODO /* f */')
    assert.equal(code.length, text.length)
  })
})

describe('the table of imports', () => {
  it('names only layers that exist', () => {
    const names = new Set(coreLayers.map((layer) => layer.name))
    const named = coreLayers.flatMap((layer) => [...layer.may, ...(layer.onlyByImportCall ?? [])])
    assert.deepEqual(
      named.filter((name) => !names.has(name)),
      [],
    )
  })

  it('gives each file one layer', () => {
    const layers = [
      'log/index.ts',
      'log/kafka/index.ts',
      'log/kafka/codec/crc.ts',
      'checkpoint/protocol/x.ts',
      'fs.ts',
    ]
    assert.deepEqual(
      layers.map((path) => layerOf(`packages/core/src/${path}`)?.name),
      ['log', 'log/kafka spec', 'log/kafka', 'checkpoint', 'doors'],
    )
    assert.isUndefined(layerOf('packages/core/src/helpers/x.ts'))
  })

  const refused: [path: string, text: string, why: string][] = [
    ['packages/core/src/errors.ts', "import '../x.ts'", 'lies outside its package'],
    ['packages/core/src/time/a.ts', "import '../serde/b.ts'", '(time) may not import serde'],
    [
      'packages/core/src/time/a.ts',
      "import type { B } from '../serde/b.ts'",
      '(time) may not import serde',
    ],
    ['packages/core/src/runtime/a.ts', "import '../dsl/b.ts'", '(runtime) may not import dsl'],
    [
      'packages/core/src/runtime/a.ts',
      "import '../log/kafka/b.ts'",
      '(runtime) may not import log/kafka',
    ],
    [
      'packages/core/src/runtime/a.ts',
      "await import('../log/kafka/b.ts')",
      'may not import log/kafka',
    ],
    ['packages/core/src/dsl/a.ts', "import '../runtime/b.ts'", '(dsl) may not import runtime'],
    [
      'packages/core/src/log/kafka/a.ts',
      "import '../embedded/b.ts'",
      'may not import log/embedded',
    ],
    ['packages/core/src/log/kafka/a.ts', "import 'level'", '(log/kafka) may not import level'],
    ['packages/core/src/app.ts', "import './state/level/store.ts'", 'only by import()'],
    ['packages/core/src/serde/json.ts', "import 'msgpackr'", 'which only serde/msgpack.ts may'],
    ['packages/core/src/oops/a.ts', "import './b.ts'", 'belongs to no layer'],
    ['packages/core/src/dsl/a.ts', "import 'node:fs'", 'only adapters reach outside'],
    ['packages/core/src/log/fs/a.ts', "import 'fs'", 'write node:fs'],
    ['packages/core/src/hash.ts', "import 'node:fs'", 'may not import node:fs'],
    ['packages/core/src/dsl/a.ts', "import './b'", 'without its extension'],
    ['packages/core/src/dsl/a.ts', 'import(name)', 'something computed'],
    [
      'packages/core/src/dsl/a.ts',
      "import '@millrace/operators'",
      'may not import @millrace/operators',
    ],
    ['packages/operators/src/dedup/a.ts', "import '../score/b.ts'", 'another operator'],
    ['packages/operators/src/dedup/a.ts', "import '@millrace/sinks/ndjson'", 'may not import'],
    [
      'packages/operators/src/dedup/a.ts',
      "import '../../../core/src/env.ts'",
      'lies outside its package',
    ],
    ['packages/sinks/src/ndjson/a.ts', "import 'node:fs'", 'only adapters reach outside'],
    ['packages/sinks/src/ndjson/a.ts', "import '../parquet/b.ts'", 'another sink'],
    [
      'examples/01-x/src/a.ts',
      "import '../../../packages/core/src/env.ts'",
      'published entries only',
    ],
    ['bench/src/a.ts', "import '../../packages/core/src/env.ts'", 'published entries only'],
  ]
  for (const [path, text, why] of refused) {
    it(`refuses ${path} with ${text}`, () => {
      const [finding, ...more] = checkImports(readSource(path, text))
      assert.deepEqual(more, [])
      assert.include(finding, why)
    })
  }

  const allowed: [path: string, text: string][] = [
    ['packages/core/src/time/a.ts', "import '../errors.ts'"],
    ['packages/core/src/runtime/a.ts', "import '../topology/b.ts'; import './b.ts'"],
    ['packages/core/src/dsl/a.ts', "import type { Readable } from 'node:stream'"],
    ['packages/core/src/log/kafka/index.ts', "await import('./consumer.ts')"],
    ['packages/core/src/log/kafka/index.ts', "import type { C } from './consumer.ts'"],
    [
      'packages/core/src/log/kafka/a.ts',
      "import 'kafkajs'; import 'node:net'; import '../index.ts'",
    ],
    [
      'packages/core/src/index.ts',
      "export * from './log/embedded/index.ts'; export * from './dsl/a.ts'",
    ],
    ['packages/operators/src/dedup/a.ts', "import '@millrace/core/operator'; import './b.ts'"],
    ['packages/operators/src/index.ts', "export * from './dedup/index.ts'"],
    ['packages/sinks/src/ndjson/io.ts', "import { open } from 'node:fs/promises'"],
    ['examples/01-x/test/a.ts', "import '../src/b.ts'; import '@millrace/core'; import 'node:fs'"],
  ]
  for (const [path, text] of allowed) {
    it(`allows ${path} with ${text}`, () => {
      assert.deepEqual(checkImports(readSource(path, text)), [])
    })
  }
})

describe('the check of doors', () => {
  const door = (stem: string): Record<string, string> => ({
    '@millrace/source': `./src/${stem}.ts`,
    types: `./dist/${stem}.d.ts`,
    default: `./dist/${stem}.js`,
  })
  const manifest: Manifest = {
    name: '@millrace/core',
    exports: { '.': door('index'), './package.json': './package.json' },
  }

  it('accepts doors that are there', () => {
    assert.deepEqual(checkExports('p', manifest, new Set(['p/src/index.ts'])), [])
  })

  it('refuses a door without a file, with conditions out of order, or with another build', () => {
    const { types, ...rest } = door('a')
    const findings = checkExports(
      'p',
      {
        name: 'p',
        exports: {
          './a': { ...rest, types },
          './b': door('b'),
          './c': { ...door('c'), default: './dist/d.js' },
          './d': './dist/d.js',
        },
      },
      new Set(['p/src/a.ts', 'p/src/c.ts']),
    )
    assert.deepEqual(said(findings), [
      'door ./a must have exactly the conditions @millrace/source, types, default, in this order',
      'door ./b names ./src/b.ts, which does not exist',
      'door ./c default must be ./dist/c.js',
      'door ./d must be one object of conditions',
    ])
  })

  it('finds the files that no door reaches', () => {
    const sources = [
      core('index.ts', "export * from './a.ts'"),
      core('a.ts', "const b = () => import('./b.ts')"),
      core('b.ts', "import type { C } from './c.ts'"),
      core('c.ts', ''),
      core('dead.ts', "import './dead-too.ts'"),
      core('dead-too.ts', "import './index.ts'"),
    ]
    assert.deepEqual(deadFiles('packages/core', manifest, sources), [
      'packages/core/src/dead.ts is reached from no door of @millrace/core',
      'packages/core/src/dead-too.ts is reached from no door of @millrace/core',
    ])
  })

  it('finds what loads with a door though nothing was opened', () => {
    const sources = [
      core('index.ts', "export * from './a.ts'; export * from './d.ts'"),
      core('a.ts', "const b = () => import('./b.ts')"),
      core('b.ts', "import 'level'"),
      core('d.ts', "import type { Stats } from 'node:fs'; import 'node:net'; import 'msgpackr'"),
    ]
    assert.deepEqual(said(loadsTooEarly('packages/core', manifest, sources)), [
      'loads node:net as soon as ./src/index.ts is imported; use import() in open',
    ])
  })

  it('finds what is imported and not depended on', () => {
    const sources = [
      core('a.ts', "import 'level'; import 'node:fs'; import '@millrace/core'; import 'pino/x'"),
    ]
    const findings = undeclared({ ...manifest, dependencies: { level: '1' } }, sources)
    assert.deepEqual(said(findings), ['imports pino/x, which @millrace/core does not depend on'])
  })
})

describe('the refused words', () => {
  const outside: [text: string, word: string | undefined][] = [
    ['const at = Date.now()', 'Date'],
    ['const at = value instanceof Date', 'Date'],
    ['setTimeout(f, 5)', 'timer'],
    ['queueMicrotask(f)', 'timer'],
    ['performance.now()', 'performance'],
    ['Math.random()', 'Math.random'],
    ['AbortSignal.timeout(5)', 'AbortSignal.timeout'],
    ['await fetch(url)', 'fetch'],
    ['crypto.randomUUID()', 'crypto'],
    ['process.exit(1)', 'process'],
    ['globalThis.Date', 'globalThis'],
    ["globalThis['Date']", 'globalThis'],
    ["require('fs')", 'require'],
    ['eval(text)', 'eval'],
    ['new Function(text)', 'eval'],
    ['// Date.now() is not called', undefined],
    ["say('setTimeout(f)')", undefined],
    ['env.timers.setTimeout(f)', undefined],
    ['log.fetch(5)', undefined],
    ['process(key: K, value: V): void {}', undefined],
    ['this.process.next(key)', undefined],
    ['fetch(rows: number): Batch', undefined],
    ['type DateLike = string', undefined],
    ['type Key = string | Date', undefined],
    ['readonly at: Date', undefined],
    ['const Clock = Date', 'Date'],
    ['// oxlint-disable-next-line eslint/no-restricted-globals -- a value\nnew Date(5)', undefined],
    ['// oxlint-disable-next-line eslint/no-restricted-globals\nnew Date(5)', 'Date'],
  ]
  for (const [text, word] of outside) {
    it(`${word === undefined ? 'lets' : 'refuses'} ${text}`, () => {
      const findings = refusedWords(core('runtime/x.ts', text))
      assert.deepEqual(
        findings.map((it) => / names (\S+):/.exec(it)?.[1]),
        word === undefined ? [] : [word],
      )
    })
  }

  it('lets the rim name the outside world, but not by way of globalThis', () => {
    const text = 'Date.now(); process.exit(); setTimeout(f); globalThis.Date'
    assert.lengthOf(refusedWords(core('env.ts', text)), 1)
    assert.lengthOf(refusedWords(core('log/kafka/socket.ts', text)), 1)
    assert.lengthOf(refusedWords(readSource('packages/sinks/src/http/io.ts', text)), 1)
    assert.lengthOf(refusedWords(readSource('packages/sinks/src/http/index.ts', text)), 4)
  })

  const slow: [text: string, word: string | undefined][] = [
    ['async process() {}', 'async'],
    ['const f = async () => 1', 'async'],
    ['await it', 'await'],
    ['Promise.resolve(1)', 'Promise'],
    ['new Promise(f)', 'Promise'],
    ['new Date(5)', 'Date'],
    ['delete row.x', 'delete'],
    ['Object.entries(row)', 'Object.entries'],
    ['BigInt(5)', 'BigInt'],
    ['map.delete(key)', undefined],
    ['new BigInt64Array(5)', undefined],
    ['const node = { async: true }', undefined],
    ['type F = (value: V) => Promise<U>', undefined],
    ['// no async here', undefined],
  ]
  for (const [text, word] of slow) {
    it(`${word === undefined ? 'lets' : 'refuses'} ${text} on the hot path`, () => {
      const findings = hotPathWords(core('runtime/task/x.ts', text))
      assert.deepEqual(
        findings.map((it) => / names (\S+):/.exec(it)?.[1]),
        word === undefined ? [] : [word],
      )
    })
  }

  it('knows the hot path: processors, time, task, stages and inputs', () => {
    const hot = (path: string): boolean => hotPathWords(core(path, 'await x')).length > 0
    for (const path of [
      'processors/map.ts',
      'time/duration.ts',
      'runtime/task.ts',
      'runtime/stage-queue.ts',
      'runtime/inputs.ts',
    ]) {
      assert.isTrue(hot(path), path)
    }
    for (const path of ['runtime/worker.ts', 'log/log.ts', 'dsl/stream.ts'])
      assert.isFalse(hot(path), path)
  })

  it('refuses state in a module and lets constants and locals be', () => {
    const text = `let count = 0
export let other = 1
const cache = new Map<string, number>()
const seen: Set<string> = new Set()
const codes: ReadonlySet<string> = new Set(['a'])
export function f(): void {
  let local = 0
  const map = new Map()
}
class A {
  readonly map = new Map()
}
`
    assert.deepEqual(said(moduleState(core('x.ts', text))), [
      'declares a variable of the module',
      'declares a variable of the module',
      'keeps a mutable collection in the module; a constant one is typed ReadonlyMap',
      'keeps a mutable collection in the module; a constant one is typed ReadonlySet',
    ])
  })

  it('asks for a header', () => {
    assert.lengthOf(headerless(core('x.ts', "import 'x'\n// late\n")), 1)
    assert.lengthOf(headerless(core('x.ts', '/** What it is. */\n')), 0)
  })

  it('refuses unfinished work, .only, and skips without a reason', () => {
    const mark = 'TO' + 'DO'
    const text = `// ${mark}: later
it.only('a', f)
describe.skip('b', f)
this.skip()
// because no broker is there
it.skip('c', f)
xit('d', f) // because of a bug in Node 20
list.only(x)
`
    assert.lengthOf(unfinished(readSource('x.test.ts', text)), 4)
  })

  it('refuses names that say nothing', () => {
    const names = ['utils.ts', 'task-manager.ts', 'test-helpers.ts', 'common.ts']
    for (const name of names) assert.lengthOf(emptyNames(`a/${name}`), 1, name)
    for (const name of ['task.ts', 'command.ts', 'miscount.ts'])
      assert.lengthOf(emptyNames(`a/${name}`), 0, name)
  })
})

describe('the patterns of files', () => {
  const cases: [glob: string, path: string, expected: boolean][] = [
    ['a/**', 'a/b/c.ts', true],
    ['a/*.ts', 'a/b/c.ts', false],
    ['**/test/*.ts', 'test/a.ts', true],
    ['a/{b,c}.ts', 'a/c.ts', true],
    ['a/{b,c}.ts', 'a/d.ts', false],
    ['a/{b,c}*/**', 'a/bird/x.ts', true],
    ['a.ts', 'axts', false],
  ]
  for (const [glob, path, expected] of cases) {
    it(`${glob} ${expected ? 'names' : 'does not name'} ${path}`, () => {
      assert.equal(matches(path, glob), expected)
    })
  }
})
