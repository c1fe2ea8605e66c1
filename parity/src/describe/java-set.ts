/**
 * The order in which Java's HashSet gives its texts, which is how Kafka Streams prints the stores of a node: by bucket of a table of a
 * power of two, at least 16, that is at most three quarters full.
 */
export function javaSetOrder(texts: readonly string[]): readonly string[] {
  let buckets = 16
  while (texts.length > buckets * 0.75) buckets *= 2
  const bucketOf = (text: string): number => {
    const hash = hashCode(text)
    return (hash ^ (hash >>> 16)) & (buckets - 1)
  }
  return [...texts].sort((a, b) => bucketOf(a) - bucketOf(b))
}

function hashCode(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0
  return hash
}
