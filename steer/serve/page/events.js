// Server-sent events out of the text of a stream.

/** Takes whole events out of what came; gives them and what is left. */
export function eventsIn(buffer) {
  const events = [];
  let rest = buffer;
  for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
    const event = { name: "message", data: "" };
    for (const line of rest.slice(0, end).split("\n")) {
      if (line.startsWith("event: ")) event.name = line.slice(7);
      if (line.startsWith("data: ")) event.data += line.slice(6);
    }
    if (event.data) events.push(event);
    rest = rest.slice(end + 2);
  }
  return [events, rest];
}
