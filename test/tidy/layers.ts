// The table of allowed imports: who may know whom. This is the one place to amend when the structure
// changes on purpose; the checks read it as data. `import type` obeys it like any other import.
// Project references do not catch a wrong direction, so without this table nothing would.

export type Layer = {
  name: string
  /** Globs below packages/core/src; the first layer that matches a file owns it. */
  files: readonly string[]
  /** Names of layers; a layer may always import itself. */
  may: readonly string[]
  /** Third-party packages, each with the files of the layer that may name it. */
  thirdParty?: Readonly<Record<string, string>>
  /** Node built-ins; by default none, and any of them for the files of `rim`. */
  builtins?: readonly string[]
  /** Layers that may be reached by `import()` only, so that they load when a spec is opened. */
  onlyByImportCall?: readonly string[]
}

/** The only files that may touch clock, timers, randomness, files or sockets; .oxlintrc.json has the same list. */
export const rim: readonly string[] = [
  'packages/core/src/{env,host,hash}.ts',
  'packages/core/src/{aws,inspect}/**',
  'packages/core/src/testing/{simulation,faults}/**',
  'packages/core/src/*/{s3,fs,kafka,kinesis,level,embedded,prometheus,cloudwatch}/**',
  'packages/sinks/src/*/io.ts',
]

/** Built-ins that do no I/O and read no clock: anyone may use them. */
export const pureBuiltins: readonly string[] = ['node:buffer', 'node:string_decoder', 'node:util']

const base = ['errors', 'assert', 'env', 'hash']
const values = [...base, 'time', 'serde']
const contracts = [...values, 'row', 'state', 'log', 'checkpoint', 'sink']
const graph = [...contracts, 'processors', 'topology']

type Adapter = {
  folder: string
  thirdParty?: readonly string[]
  light?: boolean
  may?: readonly string[]
}

/** `light`: no I/O and no third party, so everyone at the top may hold it directly instead of by `import()`. */
const adapterFolders: readonly Adapter[] = [
  { folder: 'log/embedded', thirdParty: ['level'], may: ['sink'] },
  { folder: 'log/generator', light: true },
  { folder: 'log/memory', light: true },
  { folder: 'log/fs' },
  { folder: 'log/kafka', thirdParty: ['kafkajs'] },
  { folder: 'log/kinesis', thirdParty: ['@aws-sdk/client-kinesis', '@aws-sdk/client-dynamodb'] },
  { folder: 'state/memory', light: true },
  { folder: 'state/level', thirdParty: ['level'], may: ['checkpoint'] },
  { folder: 'checkpoint/memory', light: true },
  { folder: 'checkpoint/fs' },
  { folder: 'checkpoint/s3', thirdParty: ['@aws-sdk/client-s3'] },
  { folder: 'metrics/prometheus', thirdParty: ['prom-client'] },
  { folder: 'metrics/cloudwatch', thirdParty: ['@aws-sdk/client-cloudwatch'] },
]

/** An adapter is two layers: the spec, which anyone at the top may hold, and the rest. What is heavy loads when a spec is opened. */
const adapterLayers: readonly Layer[] = adapterFolders.flatMap((adapter): Layer[] => {
  const contract = adapter.folder.split('/')[0] as string
  // A log is read and written, so its adapters implement the sink contract as well.
  const contracts = contract === 'log' ? ['log', 'sink'] : ['log', contract]
  const below = [...values, 'row', 'metrics', 'aws', ...contracts, ...(adapter.may ?? [])]
  const spec = `${adapter.folder} spec`
  return [
    {
      name: spec,
      files: [`${adapter.folder}/{index,spec}.ts`],
      may: [...below, adapter.folder],
    },
    {
      name: adapter.folder,
      files: [`${adapter.folder}/**`],
      may: [...below, spec],
      thirdParty: Object.fromEntries(
        (adapter.thirdParty ?? []).map((name) => [name, `${adapter.folder}/**`]),
      ),
    },
  ]
})

const specs = adapterLayers.map((layer) => layer.name).filter((name) => name.endsWith(' spec'))
const heavy = adapterFolders.filter((it) => it.light !== true).map((it) => it.folder)
const light = adapterFolders.filter((it) => it.light === true).map((it) => it.folder)

export const coreLayers: readonly Layer[] = [
  { name: 'errors', files: ['errors.ts'], may: [] },
  { name: 'assert', files: ['assert.ts'], may: ['errors'] },
  { name: 'env', files: ['env.ts'], may: ['errors'] },
  { name: 'hash', files: ['hash.ts'], may: [], builtins: ['node:crypto'] },
  { name: 'host', files: ['host.ts'], may: ['errors', 'env'] },
  { name: 'time', files: ['time/**'], may: base },
  {
    name: 'serde',
    files: ['serde/**'],
    may: [...base, 'time'],
    thirdParty: { msgpackr: 'serde/msgpack.ts', '@standard-schema/spec': 'serde/*.ts' },
  },
  ...adapterLayers,
  // Contracts know each other only downwards: positions belong to log, and row, state, checkpoint, sink speak of them.
  { name: 'log', files: ['log/*.ts'], may: values },
  { name: 'row', files: ['row.ts'], may: [...values, 'log'] },
  { name: 'state', files: ['state/*.ts'], may: values },
  {
    name: 'checkpoint',
    files: ['checkpoint/*.ts', 'checkpoint/protocol/**'],
    may: [...values, 'log'],
  },
  { name: 'sink', files: ['sink.ts'], may: [...values, 'row', 'log'] },
  { name: 'metrics', files: ['metrics/*.ts'], may: ['errors', 'env'] },
  { name: 'processors', files: ['processors/**'], may: contracts },
  { name: 'topology', files: ['topology/**'], may: graph },
  { name: 'dsl', files: ['dsl/**'], may: graph },
  { name: 'runtime', files: ['runtime/**'], may: [...graph, 'metrics'] },
  { name: 'aws', files: ['aws/**'], may: ['errors', 'env'] },
  {
    name: 'testing',
    files: ['testing/**'],
    may: [...graph, 'dsl', 'runtime', 'metrics', 'app', ...specs, ...light],
  },
  {
    name: 'inspect',
    files: ['inspect/**'],
    may: [...graph, 'runtime', 'metrics'],
    thirdParty: { fastify: 'inspect/**' },
  },
  {
    name: 'app',
    files: ['app.ts'],
    may: [...graph, 'dsl', 'runtime', 'metrics', 'host', 'inspect', ...specs, ...heavy, ...light],
    onlyByImportCall: ['inspect', ...heavy],
  },
  {
    name: 'doors',
    files: ['*.ts'],
    may: [...graph, 'dsl', 'metrics', 'app', 'aws', ...specs, ...light],
  },
]

/** What importing a door may load at once; everything else waits for `import()` when a spec is opened. */
export const loadedAtOnce: readonly string[] = [
  ...pureBuiltins,
  'node:crypto',
  'msgpackr',
  '@standard-schema/spec',
]

/** Third parties of the other packages: folder -> what it may name besides the doors of core. */
export const operatorThirdParty: Readonly<Record<string, readonly string[]>> = {
  validate: ['@standard-schema/spec'],
}
export const sinkThirdParty: Readonly<Record<string, readonly string[]>> = {
  ndjson: [],
}

/** No promise, clock or per-record allocation trap in what runs once a row. */
export const hotPath: readonly string[] = [
  'packages/core/src/processors/**',
  'packages/core/src/time/**',
  'packages/core/src/runtime/{task,stage}*/**',
  'packages/core/src/runtime/{task,stage}*.ts',
  'packages/core/src/runtime/{inputs,split-input,prefix,wiring}.ts',
]

/** Hot-path words that a file may use all the same, each with its reason. */
export const hotPathExceptions: readonly { file: string; word: string; because: string }[] = []
