/** Aggregates of streams and tables as Kafka Streams draws them. */
import type { Drawing, RowNode, SourceNode } from './drawing.ts'

export function drawAggregate(drawing: Drawing, node: RowNode): void {
  if (node.verb === 'cogroup') return drawCogroup(drawing, node)
  const { kafka } = drawing
  const prefix = node.verb === 'reduce' ? 'KSTREAM-REDUCE-' : 'KSTREAM-AGGREGATE-'
  // A number that earlier versions gave away is still skipped.
  if (node.verb === 'count' && node.params['window'] !== 'sliding') kafka.name('')
  const store = kafka.storeName(prefix)
  const name = kafka.name(prefix)
  const parent = drawing.placed(node.inputs[0]!, store)
  kafka.processor(name, [parent], [store])
  drawing.set(node, { name, lookups: [store] })
}

/** One node an input, all on one store, and a merge. */
function drawCogroup(drawing: Drawing, node: RowNode): void {
  const { kafka } = drawing
  const store = kafka.storeName('COGROUPKSTREAM-AGGREGATE-')
  const parents = node.inputs.map((input) => drawing.placed(input, store))
  const aggregates = parents.map((parent) => {
    const name = kafka.name('COGROUPKSTREAM-AGGREGATE-')
    kafka.processor(name, [parent], [store])
    return name
  })
  const name = kafka.name('COGROUPKSTREAM-MERGE-')
  kafka.processor(name, aggregates)
  drawing.set(node, { name, lookups: [store] })
}

/** The log of a table's groups carries old and new values, and no filter stands in front of it. */
export function drawTableAggregate(drawing: Drawing, node: RowNode): void {
  const { kafka } = drawing
  const prefix = node.verb === 'reduce' ? 'KTABLE-REDUCE-' : 'KTABLE-AGGREGATE-'
  const input = node.inputs[0] as SourceNode
  const store = kafka.storeName('KTABLE-AGGREGATE-') // a reduce's, too
  const sink = kafka.name('KSTREAM-SINK-')
  const source = kafka.name('KSTREAM-SOURCE-')
  const name = kafka.name(prefix)
  const topic = `${store}-repartition`
  kafka.sink(sink, topic, drawing.nameOf(input.repartition!.inputs[0]!))
  kafka.source(source, topic)
  kafka.processor(name, [source], [store])
  drawing.set(input, { name: source })
  drawing.set(node, { name, lookups: [store] })
}
