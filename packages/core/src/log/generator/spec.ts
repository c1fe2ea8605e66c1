/**
 * The spec of a generated source. Row `i` depends on `i` alone, so a restart gives exactly the rest
 * (law 9). Its batches carry values, not bytes: the decoders are the identity.
 */
import { MillraceError } from '../../errors.ts'
import type { Decoder } from '../../serde/serde.ts'
import type { Source } from '../source.ts'
import { GeneratorLog } from './log.ts'

export interface GeneratedRow<K, V> {
  readonly key?: K | null
  readonly value: V
  /** Event time in ms. */
  readonly timestamp: number
}

export interface GeneratorOptions<K, V> {
  readonly name: string
  /** How many rows there are, over all splits; Infinity never ends. */
  readonly rows: number
  /** Must give equal rows for equal indices. */
  readonly make: (index: number) => GeneratedRow<K, V>
  /** Split `s` has the rows whose index leaves `s` when divided by this. Default: 1. */
  readonly splits?: number
  /**
   * Over all splits, counted from where the source was opened. Default: as fast as they are taken.
   */
  readonly perSecond?: number
  readonly partitionedBy?: (value: V) => unknown
}

export interface GeneratorSource<out K, out V> extends Source<K, V> {
  readonly type: 'generator'
  readonly plan: GeneratorPlan
}

/** What the port needs of the options. */
export interface GeneratorPlan {
  readonly rows: number
  readonly splits: number
  readonly perSecond: number | undefined
  readonly make: (index: number) => GeneratedRow<unknown, unknown>
}

export function generator<V, K = null>(options: GeneratorOptions<K, V>): GeneratorSource<K, V> {
  const { name, rows, make, splits = 1, perSecond } = options
  const wrong = (what: string): MillraceError =>
    new MillraceError('MILLRACE_CONFIG', `generator '${name}': ${what}`)
  if (!(rows === Infinity || (Number.isSafeInteger(rows) && rows >= 0)))
    throw wrong(`rows is ${rows}: give a whole number, or Infinity`)
  if (!Number.isSafeInteger(splits) || splits < 1)
    throw wrong(`splits is ${splits}: give a whole number from 1`)
  if (perSecond !== undefined && !(perSecond > 0))
    throw wrong(`perSecond is ${perSecond}: give a number above 0, or leave it out`)
  return Object.freeze({
    kind: 'millrace.source',
    type: 'generator',
    name,
    topic: name,
    log: generatorLog,
    key: identity as Decoder<K>,
    value: identity as Decoder<V>,
    bounded: rows !== Infinity,
    plan: Object.freeze({ rows, splits, perSecond, make }),
    ...(options.partitionedBy === undefined ? {} : { partitionedBy: options.partitionedBy }),
  })
}

/** The batches hold what was made, where others hold bytes. */
const identity: Decoder<unknown> = Object.freeze({
  name: 'identity',
  decode: (value: unknown) => value,
})

/** All generators of an app are one log system, so that they can be joined. */
const generatorLog = Object.freeze({
  system: 'generator',
  open: (ctx, sources) => Promise.resolve(new GeneratorLog(ctx.env, sources)),
} satisfies Source<never, never>['log'])
