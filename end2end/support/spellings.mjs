// The ways in which a key's value could lie about without being recognised at first sight.

/** Whether the bytes or the text have the value, or its secret bytes, in any spelling. */
export function hasKey(place, value) {
  const bytes = Buffer.from(place);
  return spellings(value).some((spelling) => bytes.includes(spelling));
}

function spellings(value) {
  const secret = Buffer.from(value, 'base64url').subarray(8, 44);
  return [
    value,
    // Without the tag, which anybody may know.
    value.slice(12),
    ...['base64', 'base64url'].flatMap((alphabet) => [
      ...withinBase64(Buffer.from(value.slice(12)), alphabet),
      ...withinBase64(secret, alphabet),
    ]),
    encodeURIComponent(value.slice(12)),
    secret,
    secret.subarray(0, 16),
    secret.subarray(20),
    secret.toString('hex'),
    secret.toString('hex').toUpperCase(),
  ];
}

/** What of the bytes can be read in a longer base64 text, wherever they begin in it. */
function withinBase64(bytes, alphabet) {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString(alphabet);
    return text.slice(4, Math.floor((before + bytes.length) / 3) * 4);
  });
}
