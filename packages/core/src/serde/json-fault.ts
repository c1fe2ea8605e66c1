/**
 * Finds where a text stops being JSON. It runs only after JSON.parse has refused the text: the
 * message of V8 differs between versions, often lacks the position, and quotes the payload.
 * Iterative, so that nesting cannot overflow the stack. Agrees with JSON.parse on every text (a
 * property test compares).
 */

/** The index of the first character that does not belong, the length of a text that ends too early, or -1. */
export function findJsonFault(text: string): number {
  const inObject: boolean[] = []
  let expected: 'value' | 'value or ]' | 'key' | 'key or }' | 'more' = 'value'
  let at = 0
  for (;;) {
    at = skipBlank(text, at)
    const char = text[at]
    if (expected === 'more') {
      const object = inObject.at(-1)
      if (object === undefined) return at === text.length ? -1 : at
      if (char === ',') expected = object ? 'key' : 'value'
      else if (char === (object ? '}' : ']')) inObject.pop()
      else return at
      at++
    } else if (
      (char === ']' && expected === 'value or ]') ||
      (char === '}' && expected === 'key or }')
    ) {
      inObject.pop()
      expected = 'more'
      at++
    } else if (expected === 'key' || expected === 'key or }') {
      const string = endOfString(text, at)
      if (!string.whole) return string.at
      at = skipBlank(text, string.at)
      if (text[at] !== ':') return at
      expected = 'value'
      at++
    } else if (char === '{' || char === '[') {
      inObject.push(char === '{')
      expected = char === '{' ? 'key or }' : 'value or ]'
      at++
    } else {
      const scalar = endOfScalar(text, at)
      if (!scalar.whole) return scalar.at
      expected = 'more'
      at = scalar.at
    }
  }
}

interface End {
  readonly whole: boolean
  /** Behind the token, or at the character that spoils it. */
  readonly at: number
}

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

function endOfScalar(text: string, at: number): End {
  if (text[at] === '"') return endOfString(text, at)
  for (const word of ['true', 'false', 'null']) {
    if (text.startsWith(word, at)) return { whole: true, at: at + word.length }
  }
  number.lastIndex = at
  return number.test(text) ? { whole: true, at: number.lastIndex } : { whole: false, at }
}

function endOfString(text: string, start: number): End {
  if (text[start] !== '"') return { whole: false, at: start }
  let at = start + 1
  for (; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === 0x22) return { whole: true, at: at + 1 }
    if (unit < 0x20) return { whole: false, at }
    if (unit !== 0x5c) continue
    at++
    if (text[at] === 'u') {
      for (let digit = 0; digit < 4; digit++) {
        if (!/^[0-9a-fA-F]$/.test(text[at + 1] ?? '')) return { whole: false, at: at + 1 }
        at++
      }
    } else if (!'"\\/bfnrt'.includes(text[at] ?? ' ')) return { whole: false, at }
  }
  return { whole: false, at: text.length }
}

function skipBlank(text: string, from: number): number {
  let at = from
  for (; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) break
  }
  return at
}
