// The rules that keep the house in order, as tests: who may import whom, what the doors promise, which
// words stay outside, how large a file may grow. The tables are in tidy/layers.ts; the scan itself is
// tested in tidy/scan.test.ts on samples that break each rule.
import { assert } from 'chai'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkExports, deadFiles, loadsTooEarly, undeclared, type Manifest } from './tidy/doors.ts'
import { filesUnder, matchesAny, root, sourcesUnder } from './tidy/files.ts'
import { checkImports } from './tidy/imports.ts'
import { rim } from './tidy/layers.ts'
import type { Source } from './tidy/source.ts'
import {
  emptyNames,
  headerless,
  hotPathWords,
  moduleState,
  refusedWords,
  unfinished,
} from './tidy/words.ts'

const packages = ['core', 'operators', 'sinks']

const read = <T>(path: string): T => JSON.parse(readFileSync(join(root, path), 'utf8')) as T

function none(findings: string[], what: string): void {
  if (findings.length > 0) assert.fail(`${what}:\n  ${findings.join('\n  ')}`)
}

describe('tidy', () => {
  let src: Map<string, Source[]>
  let published: Source[]
  let programs: Source[]
  let tests: Source[]

  before(() => {
    src = new Map(packages.map((name) => [name, sourcesUnder(`packages/${name}/src`)]))
    published = [...src.values()].flat()
    programs = ['examples', 'bench', 'simulation', 'parity', 'scripts'].flatMap(sourcesUnder)
    tests = ['test', ...packages.map((name) => `packages/${name}/test`)].flatMap(sourcesUnder)
  })

  it('imports only what the table of layers allows', () => {
    none(published.flatMap(checkImports), 'imports in the wrong direction')
  })

  it('lets examples, bench, simulation and parity see published entries only', () => {
    const seen = programs.filter((source) => !source.path.startsWith('scripts/'))
    none(seen.flatMap(checkImports), 'imports past the doors')
  })

  it('declares every third party that a package imports', () => {
    const findings = packages.flatMap((name) =>
      undeclared(read<Manifest>(`packages/${name}/package.json`), src.get(name) ?? []),
    )
    none(findings, 'undeclared dependencies')
  })

  it('has an exports map that matches what is there', () => {
    const findings = packages.flatMap((name) => {
      const folder = `packages/${name}`
      const files = new Set(filesUnder(`${folder}/src`))
      return checkExports(folder, read<Manifest>(`${folder}/package.json`), files)
    })
    none(findings, 'doors that do not open')
  })

  it('has no file that no door reaches', () => {
    const findings = packages.flatMap((name) => {
      const folder = `packages/${name}`
      return deadFiles(folder, read<Manifest>(`${folder}/package.json`), src.get(name) ?? [])
    })
    none(findings, 'dead files')
  })

  it('loads no third party and no I/O before a spec is opened', () => {
    const findings = packages.flatMap((name) => {
      const folder = `packages/${name}`
      return loadsTooEarly(folder, read<Manifest>(`${folder}/package.json`), src.get(name) ?? [])
    })
    none(findings, 'loaded too early')
  })

  it('names clock, timers, chance, files and sockets at the rim only', () => {
    none(published.flatMap(refusedWords), 'the outside world, named inside')
  })

  it('gives the linter the same rim', () => {
    type Overrides = { overrides: { files: string[]; rules: Record<string, unknown> }[] }
    const freed = read<Overrides>('.oxlintrc.json').overrides.find(
      ({ rules }) => rules['eslint/no-restricted-imports'] === 'off',
    )
    assert.deepEqual(freed?.files, [...rim])
  })

  it('keeps the hot path synchronous and free of slow words', () => {
    none(published.flatMap(hotPathWords), 'on the hot path')
  })

  it('keeps no state in modules', () => {
    none(published.flatMap(moduleState), 'state of a module')
  })

  it('begins every source file with what the file is', () => {
    none(published.flatMap(headerless), 'files without a header')
  })

  it('keeps files small: median under 110 lines, 95 % under 400, none over 500', () => {
    const lines = published.map((it) => ({
      path: it.path,
      count: it.text.trimEnd().split('\n').length,
    }))
    none(
      lines.filter((it) => it.count > 500).map((it) => `${it.path} has ${it.count} lines`),
      'files that are two files',
    )
    const counts = lines.map((it) => it.count).sort((a, b) => a - b)
    const at = (share: number): number => counts[Math.floor((counts.length - 1) * share)] ?? 0
    assert.isBelow(at(0.5), 110, 'median lines of a file')
    assert.isBelow(at(0.95), 400, 'lines of a file at 95 %')
  })

  it('gives every file a name that says something', () => {
    none(
      published.flatMap(({ path }) => emptyNames(path)),
      'empty names',
    )
  })

  it('leaves nothing unfinished and skips no test without a reason', () => {
    none([...published, ...programs, ...tests].flatMap(unfinished), 'unfinished')
  })

  it('knows no package registry in its lockfiles', () => {
    for (const lock of ['package-lock.json', 'release/package-lock.json']) {
      const text = readFileSync(join(root, lock), 'utf8')
      assert.notMatch(text, /"resolved": "(?:https?|git|ssh)/, `${lock} names an address`)
    }
  })

  it('pins our packages to each other exactly, and private workspaces to whatever is here', () => {
    const version = read<{ version: string }>('lerna.json').version
    const manifests = ['packages', 'examples', 'bench', 'simulation', 'parity']
      .flatMap(filesUnder)
      .filter((path) => path.endsWith('/package.json'))
    for (const path of manifests) {
      const manifest = read<Manifest & { version: string }>(path)
      const wanted = path.startsWith('packages/') ? version : '*'
      if (path.startsWith('packages/')) assert.equal(manifest.version, version, path)
      for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
        if (name.startsWith('@millrace/')) assert.equal(range, wanted, `${path} on ${name}`)
      }
    }
  })

  // A glob of the runner that matches nothing only warns; a renamed folder would silently run no tests.
  it('finds test files of every kind', () => {
    const { spec } = read<{ spec: string[] }>('.mocharc.json')
    const all = ['packages', 'examples', 'bench', 'simulation', 'parity', 'test'].flatMap(
      filesUnder,
    )
    const testFiles = all.filter((path) => path.endsWith('.test.ts'))
    none(
      testFiles.filter((path) => !matchesAny(path, spec)).map((path) => `${path} is run by nobody`),
      'test files outside the globs of .mocharc.json',
    )
    for (const place of kinds.filter((folder) => existsSync(join(root, folder)))) {
      const here = testFiles.filter((path) => path.startsWith(`${place}/`))
      assert.isNotEmpty(here, `test files under ${place}`)
    }
  })
})

/** Folders in which at least one test file must be found once they exist. */
const kinds: readonly string[] = [
  'packages/core/test',
  'packages/operators/test',
  'packages/sinks/test',
  'examples/01-first-pipeline',
  'examples/02-fraud-scoring',
  'bench/test',
  'simulation/test',
  'parity/test',
  'test',
]
