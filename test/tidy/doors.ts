// What a package promises in its exports map against what is there: every door has its file, and every
// file is behind a door.
import { loadedAtOnce } from './layers.ts'
import { isBuiltin, packageOf, targetOf } from './imports.ts'
import type { Source } from './source.ts'

export type Manifest = {
  name: string
  exports?: Record<string, unknown>
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

const order = ['@millrace/source', 'types', 'default']

/** `./src/x.ts` of each door. */
export function doorFiles(manifest: Manifest): string[] {
  return Object.values(manifest.exports ?? {}).flatMap((door) => {
    const file = (door as Record<string, unknown> | null)?.['@millrace/source']
    return typeof file === 'string' ? [file] : []
  })
}

export function checkExports(
  folder: string,
  manifest: Manifest,
  files: ReadonlySet<string>,
): string[] {
  const found: string[] = []
  const doors = Object.entries(manifest.exports ?? {})
  if (doors.length === 0) found.push(`${folder} exports nothing`)
  for (const [door, target] of doors) {
    if (door === './package.json') {
      if (target !== './package.json') found.push(`${folder} ${door} must be './package.json'`)
      continue
    }
    const say = (what: string): number => found.push(`${folder} door ${door} ${what}`)
    if (typeof target !== 'object' || target === null) {
      say('must be one object of conditions')
      continue
    }
    const conditions = target as Record<string, string>
    if (Object.keys(conditions).join() !== order.join()) {
      say(`must have exactly the conditions ${order.join(', ')}, in this order`)
      continue
    }
    const source = conditions['@millrace/source'] ?? ''
    const stem = /^\.\/src\/(.+)\.ts$/.exec(source)?.[1]
    if (stem === undefined) {
      say(`names ${source}, which is no TypeScript file in src`)
      continue
    }
    if (!files.has(`${folder}/src/${stem}.ts`)) say(`names ${source}, which does not exist`)
    if (conditions['types'] !== `./dist/${stem}.d.ts`) say(`types must be ./dist/${stem}.d.ts`)
    if (conditions['default'] !== `./dist/${stem}.js`) say(`default must be ./dist/${stem}.js`)
  }
  return found
}

/** Files that no door reaches, by static, type or dynamic imports. */
export function deadFiles(
  folder: string,
  manifest: Manifest,
  sources: readonly Source[],
): string[] {
  const known = new Map(sources.map((source) => [source.path, source]))
  const reached = new Set<string>()
  const open = doorFiles(manifest).map((file) => `${folder}/${file.slice(2)}`)
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const source = known.get(path)
    if (source === undefined || reached.has(path)) continue
    reached.add(path)
    for (const { specifier } of source.imports) {
      if (specifier?.startsWith('.') === true) open.push(targetOf(path, specifier))
    }
  }
  return sources
    .filter((source) => !reached.has(source.path))
    .map((source) => `${source.path} is reached from no door of ${manifest.name}`)
}

/** What importing a door would load at once, though it belongs behind an `import()`. */
export function loadsTooEarly(
  folder: string,
  manifest: Manifest,
  sources: readonly Source[],
): string[] {
  const known = new Map(sources.map((source) => [source.path, source]))
  const found = new Set<string>()
  for (const door of doorFiles(manifest)) {
    const reached = new Set<string>()
    const open = [`${folder}/${door.slice(2)}`]
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      if (reached.has(path)) continue
      reached.add(path)
      for (const { specifier, kind, line } of known.get(path)?.imports ?? []) {
        if (kind !== 'static' || specifier === undefined) continue
        const name = isBuiltin(specifier) ? specifier : packageOf(specifier)
        if (specifier.startsWith('.')) open.push(targetOf(path, specifier))
        else if (!name.startsWith('@millrace/') && !loadedAtOnce.includes(name)) {
          found.add(
            `${path}:${line} loads ${name} as soon as ${door} is imported; use import() in open`,
          )
        }
      }
    }
  }
  return [...found]
}

/** What the sources name and the manifest does not bring along. */
export function undeclared(manifest: Manifest, sources: readonly Source[]): string[] {
  const declared = new Set([
    manifest.name,
    ...Object.keys(manifest.dependencies ?? {}),
    ...Object.keys(manifest.optionalDependencies ?? {}),
    ...Object.keys(manifest.peerDependencies ?? {}),
  ])
  return sources.flatMap((source) =>
    source.imports.flatMap(({ specifier, line }) => {
      if (specifier === undefined || specifier.startsWith('.') || isBuiltin(specifier)) return []
      if (declared.has(packageOf(specifier))) return []
      return [
        `${source.path}:${line} imports ${specifier}, which ${manifest.name} does not depend on`,
      ]
    }),
  )
}
