// The worker's side of the harness for Node: the same JSON lines as protocol.py.
'use strict';

const readline = require('node:readline');

/** Answer until the input ends. `load(threads)` gives { version, importMs, decode(path), tasks: { name: { call, plain } } }. */
async function serve(load) {
  const answers = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr); // what the peer prints goes to the log
  const photos = new Map();
  let peer;

  const handlers = {
    async load({ threads }) {
      const start = performance.now();
      peer = await load(threads);
      const { importMs, version } = peer;
      return { import_ms: importMs, load_ms: performance.now() - start - importMs, tasks: Object.keys(peer.tasks), version };
    },
    async run({ task, photo }) {
      if (!photos.has(photo)) {
        photos.forEach((decoded) => decoded.dispose());
        photos.clear();
        photos.set(photo, await peer.decode(photo));
      }
      const decoded = photos.get(photo);
      const start = performance.now();
      const answer = await peer.tasks[task].call(decoded);
      const ms = performance.now() - start;
      return { ms, faces: peer.tasks[task].plain(answer) };
    },
    async folder({ task, photos: paths }) {
      let faces = 0;
      const start = performance.now();
      for (const path of paths) {
        const decoded = await peer.decode(path);
        faces += peer.tasks[task].plain(await peer.tasks[task].call(decoded)).length;
        decoded.dispose();
      }
      return { ms: performance.now() - start, photos: paths.length, faces };
    },
  };

  for await (const line of readline.createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    let answer;
    try {
      answer = await handlers[request.do](request);
    } catch (error) {
      answer = { error: `${error.name}: ${error.message}` };
    }
    answers(`${JSON.stringify(answer)}\n`);
  }
  process.exit(0);
}

/** A folder over HTTP on loopback, for libraries that fetch their models; resolves to its address. */
function serveFolder(folder) {
  const fs = require('node:fs');
  const http = require('node:http');
  const path = require('node:path');
  const server = http.createServer((request, response) => {
    const file = path.join(folder, path.normalize(decodeURIComponent(request.url.split('?')[0])));
    fs.readFile(file, (error, data) => {
      response.writeHead(error ? 404 : 200);
      response.end(data);
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`));
  });
}

module.exports = { serve, serveFolder };
