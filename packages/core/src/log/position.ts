/**
 * Splits and positions: what every log has in common.
 *
 * A **split** is a part of a log that is read in order: a partition, a shard. Partitions are fixed; shards are
 * born of parents and end (`parents`, `hashRange`).
 * A **position** is opaque text made by its source: the resume point *after* a row (or after rows that the log
 * withheld). Only its source compares two of them. It is made on demand, at a commit or in an error, never per row.
 */
export type Position = string

export interface Split {
  /** Unique in its log system and stable over restarts: `topic:partition`, `stream:epoch:shard`. */
  readonly id: string
  readonly topic: string
  /** The index that aligns splits of different topics in one task. A shard has its own rules (`parents`). */
  readonly partition: number
  readonly parents?: readonly string[]
  /** Inclusive bounds of the hash range of a shard, as decimal text. */
  readonly hashRange?: readonly [string, string]
}

/** Where a split without a committed position begins. */
export type Start = 'earliest' | 'latest' | { readonly at: number }

/** Where reading begins: behind what was committed, or where the source says. */
export type From = { readonly after: Position } | Start
