/** Joins of streams and tables as Kafka Streams draws them. */
import type { Drawing, GraphNode, RowNode } from './drawing.ts'

/** Each side is kept by a node of its own, read by that of the other side, and the two are merged. */
export function drawStreamJoin(drawing: Drawing, node: RowNode): void {
  const { kafka } = drawing
  const [left, right] = [node.inputs[0]!, node.inputs[1]!]
  const leftParent = placedByItself(drawing, left)
  if (left === right && left.kind === 'source' && left.repartition !== undefined)
    drawing.skipLogNames() // the right side asks for the same log again
  const rightParent = placedByItself(drawing, right)
  const keepsLeft = node.verb !== 'join'
  const keepsRight = node.verb === 'outerJoin'
  const leftWindow = kafka.name('KSTREAM-WINDOWED-')
  const rightWindow = kafka.name('KSTREAM-WINDOWED-')
  const leftJoin = kafka.name(keepsRight ? 'KSTREAM-OUTERTHIS-' : 'KSTREAM-JOINTHIS-')
  const rightJoin = kafka.name(keepsLeft ? 'KSTREAM-OUTEROTHER-' : 'KSTREAM-JOINOTHER-')
  const merge = kafka.name('KSTREAM-MERGE-')
  const leftStore = `${leftJoin}-store`
  const rightStore = `${rightJoin}-store`
  const shared = keepsLeft ? [`KSTREAM-OUTERSHARED-${leftJoin.slice(-10)}-store`] : []
  kafka.processor(leftWindow, [leftParent], [leftStore])
  kafka.processor(rightWindow, [rightParent], [rightStore])
  kafka.processor(leftJoin, [leftWindow], [rightStore, ...shared])
  kafka.processor(rightJoin, [rightWindow], [leftStore, ...shared])
  kafka.processor(merge, [leftJoin, rightJoin])
  drawing.set(node, { name: merge })
}

export function drawStreamTableJoin(drawing: Drawing, node: RowNode): void {
  const { kafka } = drawing
  const parent = placedByItself(drawing, node.inputs[0]!)
  const name = kafka.name(node.verb === 'join' ? 'KSTREAM-JOIN-' : 'KSTREAM-LEFTJOIN-')
  const buffer = drawing.isStored(node) ? [`${name}-Buffer`] : []
  kafka.processor(name, [parent], [...drawing.of(node.inputs[1]!).lookups!, ...buffer])
  drawing.set(node, { name })
}

/** Each side looks up the other, and the two are merged. */
export function drawTableJoin(drawing: Drawing, node: RowNode): void {
  const { kafka } = drawing
  const left = drawing.of(node.inputs[0]!)
  const right = drawing.of(node.inputs[1]!)
  const merge = kafka.name('KTABLE-MERGE-')
  const own = drawing.isStored(node) ? [kafka.storeName('KTABLE-MERGE-')] : []
  const leftJoin = kafka.name('KTABLE-JOINTHIS-')
  const rightJoin = kafka.name('KTABLE-JOINOTHER-')
  kafka.processor(leftJoin, [left.name], right.lookups)
  kafka.processor(rightJoin, [right.name], left.lookups)
  kafka.processor(merge, [leftJoin, rightJoin], own)
  const lookups = own.length > 0 ? own : [...new Set([...left.lookups!, ...right.lookups!])]
  drawing.set(node, { name: merge, lookups })
}

/** The log in front of a join has the name of the stream that it carries. */
function placedByItself(drawing: Drawing, input: GraphNode): string {
  const stream = drawing.behind(input)
  return stream === undefined
    ? drawing.nameOf(input)
    : drawing.placed(input, drawing.nameOf(stream))
}
