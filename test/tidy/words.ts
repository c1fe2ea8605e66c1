// Words and shapes that code must not contain, each for the reason that is printed beside it.
import { matchesAny } from './files.ts'
import { hotPath, hotPathExceptions, rim } from './layers.ts'
import { lineAt, type Source } from './source.ts'

type Word = { name: string; pattern: RegExp; because: string }

const free = String.raw`(?<![.\w$#])`

/** The class used, not the type: a serde may carry dates. */
const dateUsed = new RegExp(
  String.raw`(?:\bnew\s+|\binstanceof\s+|(?<!\btype\s+\w+\s*)=\s*)Date\b|${free}Date\s*[.(]`,
  'g',
)

/** The outside world: only the rim names it. `process` is matched with its dot, because processors have a method of that name. */
const outside: readonly Word[] = [
  { name: 'Date', pattern: dateUsed, because: 'time comes from env.clock' },
  {
    name: 'timer',
    pattern: new RegExp(
      String.raw`${free}(?:set(?:Timeout|Interval|Immediate)|queueMicrotask)\b`,
      'g',
    ),
    because: 'timers come from env.timers',
  },
  {
    name: 'performance',
    pattern: new RegExp(String.raw`${free}performance\s*\.`, 'g'),
    because: 'time comes from env.clock',
  },
  {
    name: 'Math.random',
    pattern: /\bMath\s*\.\s*random\b/g,
    because: 'chance comes from env.random',
  },
  {
    name: 'AbortSignal.timeout',
    pattern: /\bAbortSignal\s*\.\s*timeout\b/g,
    because: 'deadlines come from env.timers',
  },
  {
    name: 'fetch',
    pattern: new RegExp(String.raw`${free}fetch\s*\((?!\s*\w+\??\s*:)`, 'g'),
    because: 'the network is reached by adapters only',
  },
  {
    name: 'crypto',
    pattern: new RegExp(String.raw`${free}crypto\s*\.`, 'g'),
    because: 'hashes come from hash.ts, ids from env.id',
  },
  {
    name: 'process',
    pattern: new RegExp(String.raw`${free}process\s*\.\s*\w`, 'g'),
    because: 'the process belongs to host.ts',
  },
]

/** Ways round every other rule: nobody uses them. */
const everywhere: readonly Word[] = [
  {
    name: 'globalThis',
    pattern: new RegExp(String.raw`${free}(?:globalThis|global)\s*(?:\.|\[)`, 'g'),
    because: 'it hides what is used',
  },
  {
    name: 'require',
    pattern: new RegExp(String.raw`${free}(?:require\s*\(|createRequire\b)`, 'g'),
    because: 'the packages are ESM',
  },
  {
    name: 'eval',
    pattern: new RegExp(String.raw`${free}eval\s*\(|\bnew\s+Function\b`, 'g'),
    because: 'data is never run',
  },
]

const perRow: readonly Word[] = [
  {
    name: 'async',
    pattern: new RegExp(String.raw`${free}async\b(?!\s*[?:.,)}=;])`, 'g'),
    because: 'Law 8: the hot path is synchronous',
  },
  { name: 'await', pattern: /\bawait\b/g, because: 'Law 8: the hot path is synchronous' },
  // A type may speak of the promise that a remote call answers with; nothing here may make or await one.
  {
    name: 'Promise',
    pattern: /\bPromise\s*\.|\bnew\s+Promise\b/g,
    because: 'Law 8: the hot path is synchronous',
  },
  { name: 'Date', pattern: dateUsed, because: 'Law 8: no Date per record' },
  { name: 'delete', pattern: /\bdelete\s+[\w$(]/g, because: 'it turns the object into a slow one' },
  {
    name: 'Object.entries',
    pattern: /\bObject\s*\.\s*entries\b/g,
    because: 'it allocates a pair per field',
  },
  {
    name: 'BigInt',
    pattern: /\bBigInt\b/g,
    because: 'numbers up to 2^53 are enough and far faster',
  },
]

function search(
  source: Source,
  words: readonly Word[],
): { name: string; line: number; because: string }[] {
  return words.flatMap(({ name, pattern, because }) =>
    [...source.code.matchAll(pattern)].map((match) => ({
      name,
      line: lineAt(source.code, match.index),
      because,
    })),
  )
}

/** For files of packages/*\/src. An exemption that the linter accepts, with its reason, counts here too. */
export function refusedWords(source: Source): string[] {
  const words = matchesAny(source.path, rim) ? everywhere : [...outside, ...everywhere]
  const comments = source.comments.split('\n')
  const exempt = (line: number): boolean =>
    /oxlint-disable-next-line eslint\/no-restricted-\S+ -- \w/.test(comments[line - 2] ?? '')
  return search(source, words)
    .filter(({ line }) => !exempt(line))
    .map(({ name, line, because }) => `${source.path}:${line} names ${name}: ${because}`)
}

export function hotPathWords(source: Source): string[] {
  if (!matchesAny(source.path, hotPath)) return []
  return search(source, perRow)
    .filter(
      ({ name }) =>
        !hotPathExceptions.some((it) => source.path.endsWith(it.file) && it.word === name),
    )
    .map(({ name, line, because }) => `${source.path}:${line} names ${name}: ${because}`)
}

/** State of a module outlives every app in the process, and no checkpoint knows it. */
export function moduleState(source: Source): string[] {
  const found: string[] = []
  let depth = 0
  for (const [index, line] of source.code.split('\n').entries()) {
    if (depth === 0) {
      const at = `${source.path}:${index + 1}`
      if (/^\s*(?:export\s+)?(?:let|var)\b/.test(line))
        found.push(`${at} declares a variable of the module`)
      const made = /^\s*(?:export\s+)?const\s+[\w$]+\s*(.*?)=\s*new\s+(Weak)?(Map|Set)\b/.exec(line)
      if (made !== null && !/:\s*Readonly(Map|Set)\b/.test(made[1] ?? '')) {
        found.push(
          `${at} keeps a mutable collection in the module; a constant one is typed Readonly${made[3]}`,
        )
      }
    }
    for (const char of line) {
      if (char === '{' || char === '(' || char === '[') depth++
      else if (char === '}' || char === ')' || char === ']') depth--
    }
  }
  return found
}

export function headerless(source: Source): string[] {
  return /^(?:\/\/|\/\*)/.test(source.text)
    ? []
    : [`${source.path} must begin with a comment that says what it is`]
}

/** Marks of unfinished work, for every file of ours. */
export function unfinished(source: Source): string[] {
  const found: string[] = []
  const comments = source.comments.split('\n')
  for (const match of source.comments.matchAll(/\b(?:TODO|FIXME|XXX)\b/g)) {
    found.push(`${source.path}:${lineAt(source.comments, match.index)} leaves a ${match[0]}`)
  }
  for (const match of source.code.matchAll(/\b(?:describe|context|it|specify)\s*\.\s*only\b/g)) {
    found.push(`${source.path}:${lineAt(source.code, match.index)} runs .only a part of the tests`)
  }
  const skips =
    /\b(?:describe|context|it|specify|this|test)\s*\.\s*skip\s*\(|\bx(?:it|describe|context|specify)\s*\(/g
  for (const match of source.code.matchAll(skips)) {
    const line = lineAt(source.code, match.index)
    const reason = `${comments[line - 2] ?? ''} ${comments[line - 1] ?? ''}`
    if (!/\bbecause\b/.test(reason)) {
      found.push(
        `${source.path}:${line} skips a test and no comment beside it says because of what`,
      )
    }
  }
  return found
}

/** Names that name nothing. */
export function emptyNames(path: string): string[] {
  const name = path.split('/').pop() ?? ''
  const empty = /(?:^|[-.])(?:utils?|helpers?|managers?|common|misc|stuff)[-.]/.test(name)
  return empty ? [`${path} has a name that says nothing; name what it holds`] : []
}
