/** The one Kafka broker that the suites of a mocha process share; see shared-server.ts. */

import { warmUp } from './kafka-client.ts'
import { type KafkaCluster, startKafka } from './kafka.ts'
import { type SharedServer, sharedServer } from './shared-server.ts'

const broker = sharedServer(async () => {
  const cluster = await startKafka()
  await warmUp(cluster)
  return cluster
})

/** A single broker of the default version, ready for topics, groups and transactions. */
export function sharedKafka(): SharedServer<KafkaCluster> {
  return broker
}
