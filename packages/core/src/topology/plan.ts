/**
 * The plan: splits -> tasks. Pure: whoever leads a group calls it on the same facts and gets the same answer. A task of a
 * sub-topology takes the splits of one partition number of all its topics; a shard is a task of its own.
 */
import type { TaskAssignment } from '../log/membership.ts'
import type { Split } from '../log/position.ts'
import type { SubTopology } from './compile.ts'

export function planTasks(
  parts: readonly SubTopology[],
  splits: readonly Split[],
): readonly TaskAssignment[] {
  const tasks: TaskAssignment[] = []
  for (const part of parts) {
    const topics = new Set(part.prefixes.map((prefix) => prefix.source.source.topic))
    const groups = new Map<string, Split[]>()
    for (const split of splits) {
      if (!topics.has(split.topic)) continue
      const task = split.hashRange === undefined ? String(split.partition) : split.id
      const group = groups.get(task)
      if (group === undefined) groups.set(task, [split])
      else group.push(split)
    }
    for (const [task, group] of [...groups].sort(
      ([, a], [, b]) => a[0]!.partition - b[0]!.partition,
    )) {
      tasks.push(Object.freeze({ subTopology: part.name, task, splits: Object.freeze(group) }))
    }
  }
  return tasks
}
