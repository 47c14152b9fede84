// What the page knows, and who wants to hear of changes.

export const store = {
  models: [], needs: new Map(), words: [], allWords: [], state: null, lists: {},
  jobs: new Map(),      // by name
  previews: new Map(),  // data addresses by name of job
  chosen: "",           // the job on the stage
  model: null,          // the card of the model that is asked
};

const listeners = new Map();

/** Calls `then` whenever one of these is told of. */
export function on(names, then) {
  for (const name of names.split(" ")) listeners.set(name, [...(listeners.get(name) || []), then]);
}

export function tell(name, detail) {
  for (const then of listeners.get(name) || []) then(detail);
}

export function choose(id) {
  store.chosen = id;
  tell("chosen");
}

/** Jobs, the newest first. */
export function newest() {
  return [...store.jobs.values()].sort((a, b) => b.created - a.created || b.order - a.order);
}

let order = 0;
export function putJob(job) {
  const known = store.jobs.get(job.id);
  job.order = known ? known.order : ++order;
  store.jobs.set(job.id, job);
  if (job.state !== "running") store.previews.delete(job.id);
}
