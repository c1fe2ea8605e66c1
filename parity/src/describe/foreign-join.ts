/**
 * A join by foreign key: three nodes and two logs of ours, a dozen of Kafka Streams'. Drawn at once when the table of its results comes.
 */
import type { Drawing, GraphNode, RowNode, SourceNode } from './drawing.ts'

export function drawForeignJoin(drawing: Drawing, node: RowNode): void {
  const { kafka } = drawing
  const answer = senderOf(node.inputs[0]!.inputs[0])!
  const subscribe = senderOf(answer.inputs[0])!
  const left = drawing.of(subscribe.inputs[0]!)
  const right = drawing.of(answer.inputs[1]!)
  const fk = 'KTABLE-FK-JOIN-'

  const registrations = `${kafka.name(`${fk}SUBSCRIPTION-REGISTRATION-`)}-topic`
  const registration = kafka.name(`${fk}SUBSCRIPTION-REGISTRATION-`)
  const registrationSink = kafka.name('KTABLE-SINK-')
  const registrationSource = kafka.name('KTABLE-SOURCE-')
  const subscriptions = kafka.name(`${fk}SUBSCRIPTION-STATE-STORE-`)
  const receives = kafka.name(`${fk}SUBSCRIPTION-PROCESSOR-`)
  const joins = kafka.name(`${fk}SUBSCRIPTION-PROCESSOR-`)
  const rightChanges = kafka.name(`${fk}SUBSCRIPTION-PROCESSOR-`)
  const responses = `${kafka.name(`${fk}SUBSCRIPTION-RESPONSE-`)}-topic`
  const responseSink = kafka.name('KTABLE-SINK-')
  const responseSource = kafka.name('KTABLE-SOURCE-')
  const resolver = kafka.name(`${fk}SUBSCRIPTION-RESPONSE-RESOLVER-PROCESSOR-`)
  const output = kafka.name(`${fk}OUTPUT-`)
  const store = kafka.storeName(`${fk}OUTPUT-`)
  const stores = drawing.isStored(node) ? [store] : []

  kafka.processor(registration, [left.name])
  kafka.sink(registrationSink, registrations, registration)
  kafka.source(registrationSource, registrations)
  kafka.processor(receives, [registrationSource], [subscriptions])
  kafka.processor(joins, [receives], right.lookups)
  kafka.processor(rightChanges, [right.name], [subscriptions])
  kafka.sink(responseSink, responses, joins, rightChanges)
  kafka.source(responseSource, responses)
  kafka.processor(resolver, [responseSource], left.lookups)
  kafka.processor(output, [resolver], stores)
  drawing.set(node, { name: output, lookups: stores })
}

/** The node that writes to the log which this source reads. */
function senderOf(source: GraphNode | undefined): RowNode | undefined {
  const sender = (source as Partial<SourceNode> | undefined)?.repartition?.inputs[0]
  return sender?.kind === 'row' ? sender : undefined
}
