// Judges what a file imports against the table in layers.ts. Each finding is one sentence.
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path/posix'
import { matches, matchesAny } from './files.ts'
import {
  coreLayers,
  operatorThirdParty,
  pureBuiltins,
  rim,
  sinkThirdParty,
  type Layer,
} from './layers.ts'
import type { Import, Source } from './source.ts'

const core = 'packages/core/src/'

export function layerOf(path: string): Layer | undefined {
  const inside = path.slice(core.length)
  return coreLayers.find((layer) => matchesAny(inside, layer.files))
}

/** `@scope/name/door` -> `@scope/name`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

export function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier)
}

export function targetOf(from: string, specifier: string): string {
  return join(dirname(from), specifier)
}

export function checkImports(source: Source): string[] {
  const found: string[] = []
  for (const it of source.imports) {
    const why = judge(source.path, it)
    if (why !== undefined) found.push(`${source.path}:${it.line} ${why}`)
  }
  return found
}

function judge(path: string, it: Import): string | undefined {
  const { specifier } = it
  if (specifier === undefined) return 'imports something computed; name it in a plain string'
  if (specifier.startsWith('.') && !/\.(ts|cts|mts|cjs|mjs|json)$/.test(specifier)) {
    return `imports ${specifier} without its extension`
  }
  const place = path.split('/')
  if (place[0] === 'packages' && place[2] === 'src') {
    if (isBuiltin(specifier)) return judgeBuiltin(path, it, specifier)
    const name = place[1] ?? ''
    switch (name) {
      case 'core':
        return judgeCore(path, it, specifier)
      case 'operators':
        return judgePart(path, specifier, 'operator', operatorThirdParty)
      case 'sinks':
        return judgePart(path, specifier, 'sink', sinkThirdParty)
      default:
        return `is in the package ${name}, which the table does not know`
    }
  }
  return judgeProgram(path, specifier)
}

function judgeBuiltin(path: string, it: Import, specifier: string): string | undefined {
  if (!specifier.startsWith('node:')) return `imports ${specifier}; write node:${specifier}`
  if (it.kind === 'type' || pureBuiltins.includes(specifier)) return undefined
  if (!matchesAny(path, rim))
    return `imports ${specifier}: only adapters reach outside; use Env or a port`
  const named = path.startsWith(core) ? layerOf(path)?.builtins : undefined
  if (named !== undefined && !named.includes(specifier)) return `may not import ${specifier}`
  return undefined
}

function judgeCore(path: string, it: Import, specifier: string): string | undefined {
  const layer = layerOf(path)
  if (layer === undefined) return `belongs to no layer; give it one in test/tidy/layers.ts`
  if (!specifier.startsWith('.')) {
    const files = layer.thirdParty?.[packageOf(specifier)]
    if (files === undefined) return `(${layer.name}) may not import ${specifier}`
    if (!matches(path.slice(core.length), files))
      return `imports ${specifier}, which only ${files} may`
    return undefined
  }
  const target = targetOf(path, specifier)
  if (!target.startsWith(core)) return `imports ${specifier}, which lies outside its package`
  const other = layerOf(target)
  if (other === undefined || other === layer) return undefined
  if (!layer.may.includes(other.name)) return `(${layer.name}) may not import ${other.name}`
  if (it.kind === 'static' && layer.onlyByImportCall?.includes(other.name) === true) {
    return `(${layer.name}) may reach ${other.name} only by import() when it is opened`
  }
  return undefined
}

/** An operator or a sink: doors of core, its own folder, its own third party; never a sibling. */
function judgePart(
  path: string,
  specifier: string,
  kind: string,
  thirdParty: Readonly<Record<string, readonly string[]>>,
): string | undefined {
  const place = path.split('/')
  const src = place.slice(0, 3).join('/')
  const own = place.length > 4 ? `${src}/${place[3]}/` : undefined
  if (specifier.startsWith('.')) {
    const target = targetOf(path, specifier)
    if (!target.startsWith(`${src}/`)) return `imports ${specifier}, which lies outside its package`
    if (own === undefined) return undefined // the index of the package names its parts
    return target.startsWith(own) ? undefined : `imports ${specifier}, another ${kind}`
  }
  const name = packageOf(specifier)
  if (name === '@millrace/core') {
    return specifier === '@millrace/core/testing' ? 'imports the testing door' : undefined
  }
  if (own !== undefined && thirdParty[place[3] as string]?.includes(name) === true) return undefined
  return `(${kind}) may not import ${specifier}`
}

/** Examples, bench, simulation: what users see. The doors themselves are checked by the resolver. */
function judgeProgram(path: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  const place = path.split('/')
  const own = place[0] === 'examples' ? `examples/${place[1]}/` : `${place[0]}/`
  const target = targetOf(path, specifier)
  if (target.startsWith(own)) return undefined
  if (place.includes('test') && target.startsWith('test/')) return undefined
  return `imports ${specifier}: use published entries only`
}
