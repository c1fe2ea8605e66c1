/**
 * A topology of ours in the text of Kafka Streams: each node of the graph becomes the nodes which Kafka Streams makes of that call, with
 * its prefixes, numbered in build order. A repartition log is named by who asked for it, so it is drawn when that node is.
 */
import type { Topology } from '@millrace/core'
import { drawForeignJoin } from './foreign-join.ts'
import { Drawing } from './drawing.ts'
import type { GraphNode, RowNode, SourceNode } from './drawing.ts'
import { drawAggregate, drawTableAggregate } from './aggregates.ts'
import { drawStreamJoin, drawStreamTableJoin, drawTableJoin } from './joins.ts'

export function kafkaText(topology: Topology): string {
  const drawing = new Drawing(topology)
  for (const node of topology.nodes) draw(drawing, node)
  return drawing.kafka.text()
}

function draw(drawing: Drawing, node: GraphNode): void {
  const { kafka } = drawing
  switch (node.kind) {
    case 'source':
      return drawSource(drawing, node)
    case 'global': {
      const store = kafka.storeName(`${node.source.topic}-`)
      const source = kafka.name('KSTREAM-SOURCE-')
      kafka.global(source, kafka.name('KTABLE-SOURCE-'), node.source.topic, store)
      return
    }
    case 'branch':
      drawing.add(node, 'KSTREAM-BRANCH-')
      for (const _ of node.predicates) kafka.name('')
      return
    case 'branch-output':
      return drawBranch(drawing, node)
    case 'merge':
      drawing.add(node, 'KSTREAM-MERGE-')
      return
    case 'sink':
      kafka.sink(
        kafka.name('KSTREAM-SINK-'),
        node.sink.target ?? '',
        drawing.nameOf(node.inputs[0]!),
      )
      return
    case 'row':
      return drawRow(drawing, node)
    case 'event-time':
    case 'side-output':
      drawing.set(node, drawing.of(node.inputs[0]!))
      return
    case 'repartition':
      return // drawn by the node behind it
    case 'async':
      throw new Error(`Kafka Streams has no such node: ${node.name}`)
  }
}

function drawSource(drawing: Drawing, node: SourceNode): void {
  if (node.repartition !== undefined) {
    if (drawing.isExplicit(node))
      drawing.repartition(node, drawing.kafka.name('KSTREAM-REPARTITION-'))
    return
  }
  if (drawing.tableOf(node) !== undefined) return // drawn with its table
  const name = drawing.kafka.name('KSTREAM-SOURCE-')
  drawing.kafka.source(name, node.source.topic)
  drawing.set(node, { name })
}

/** The branch behind all predicates is there only if somebody takes its rows. */
function drawBranch(drawing: Drawing, node: Extract<GraphNode, { kind: 'branch-output' }>): void {
  const branch = node.inputs[0] as Extract<GraphNode, { kind: 'branch' }>
  const rest = node.index === branch.predicates.length
  if (rest && !drawing.hasChildren(node)) return
  if (rest) drawing.kafka.name('')
  const name = `${drawing.nameOf(branch)}${rest ? 0 : node.index + 1}`
  drawing.kafka.processor(name, [drawing.nameOf(branch)])
  drawing.set(node, { name })
}

/** Verbs of one node each, on streams. */
const streamPrefixes: Readonly<Record<string, string>> = {
  filter: 'KSTREAM-FILTER-',
  filterNot: 'KSTREAM-FILTER-',
  map: 'KSTREAM-MAP-',
  mapValues: 'KSTREAM-MAPVALUES-',
  flatMap: 'KSTREAM-FLATMAP-',
  flatMapValues: 'KSTREAM-FLATMAPVALUES-',
  keyBy: 'KSTREAM-KEY-SELECT-',
  peek: 'KSTREAM-PEEK-',
  foreach: 'KSTREAM-FOREACH-',
  print: 'KSTREAM-PRINTER-',
  process: 'KSTREAM-PROCESSOR-',
  processValues: 'KSTREAM-PROCESSVALUES-',
}

/** And on tables. */
const tablePrefixes: Readonly<Record<string, string>> = {
  filter: 'KTABLE-FILTER-',
  filterNot: 'KTABLE-FILTER-',
  mapValues: 'KTABLE-MAPVALUES-',
  transformValues: 'KTABLE-TRANSFORMVALUES-',
  groupBy: 'KTABLE-SELECT-',
}

function drawRow(drawing: Drawing, node: RowNode): void {
  const input = node.inputs[0]!
  const { verb } = node
  switch (verb) {
    case 'table':
      return drawTable(drawing, node)
    case 'foreignTable':
      return drawForeignJoin(drawing, node)
    case 'toTable':
      return drawToTable(drawing, node)
    case 'toStream':
      drawing.add(node, 'KTABLE-TOSTREAM-')
      return
    case 'suppress':
      return drawSuppress(drawing, node)
    case 'count':
    case 'reduce':
    case 'aggregate':
    case 'cogroup':
      return drawing.isTableGroup(input)
        ? drawTableAggregate(drawing, node)
        : drawAggregate(drawing, node)
    case 'join':
    case 'leftJoin':
    case 'outerJoin':
      return drawJoin(drawing, node)
    case 'foreignSubscribe':
    case 'foreignAnswer':
    case 'foreignJoin':
      return // drawn with the result of the join
    case 'latest':
      return drawing.set(node, drawing.of(input))
  }
  const onTable = drawing.of(input).lookups !== undefined
  const prefix = (onTable ? tablePrefixes : streamPrefixes)[verb]
  if (prefix === undefined)
    throw new Error(`Kafka Streams has no such node: ${verb} (${node.name})`)
  if (onTable) return drawMapped(drawing, node, prefix)
  drawing.add(node, prefix, verb.startsWith('process') ? node.stores().map(({ name }) => name) : [])
}

function drawJoin(drawing: Drawing, node: RowNode): void {
  const [left, right] = node.inputs
  if (node.reads[0]?.kind === 'global') {
    drawing.add(node, 'KSTREAM-LEFTJOIN-') // an inner join, too
    return
  }
  if (!drawing.isTable(right!)) return drawStreamJoin(drawing, node)
  return drawing.isTable(left!) ? drawTableJoin(drawing, node) : drawStreamTableJoin(drawing, node)
}

/** A filter or mapper of a table: without a store of its own its readers read what is above. */
function drawMapped(drawing: Drawing, node: RowNode, prefix: string): void {
  const own = drawing.isStored(node) ? [drawing.kafka.storeName(prefix)] : []
  const name = drawing.add(node, prefix, own)
  const lookups = own.length > 0 ? own : drawing.of(node.inputs[0]!).lookups!
  drawing.set(node, { name, lookups })
}

function drawTable(drawing: Drawing, node: RowNode): void {
  const { kafka } = drawing
  const { topic } = (node.inputs[0] as SourceNode).source
  const store = kafka.storeName(`${topic}-`)
  const source = kafka.name('KSTREAM-SOURCE-')
  const name = kafka.name('KTABLE-SOURCE-')
  const stores = drawing.isStored(node) ? [store] : []
  kafka.source(source, topic)
  kafka.processor(name, [source], stores)
  drawing.set(node, { name, lookups: stores })
}

function drawToTable(drawing: Drawing, node: RowNode): void {
  const { kafka } = drawing
  const name = kafka.name('KSTREAM-TOTABLE-')
  const store = kafka.storeName('KSTREAM-TOTABLE-')
  const parent = drawing.placed(node.inputs[0]!, name)
  const stores = drawing.isStored(node) ? [store] : []
  kafka.processor(name, [parent], stores)
  drawing.set(node, { name, lookups: stores })
}

function drawSuppress(drawing: Drawing, node: RowNode): void {
  const { kafka } = drawing
  const above = drawing.of(node.inputs[0]!)
  const name = kafka.name('KTABLE-SUPPRESS-')
  const store = kafka.storeName('KTABLE-SUPPRESS-')
  kafka.processor(name, [above.name], [store])
  drawing.set(node, { name, lookups: [store, ...above.lookups!] })
}
