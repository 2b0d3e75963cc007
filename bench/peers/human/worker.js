// @vladmandic/human on Node with the WASM backend of TensorFlow.js; its models come over HTTP on loopback.
'use strict';

const path = require('node:path');
const { createRequire } = require('node:module');
const { serve, serveFolder } = require('../protocol.js');

const environment = process.argv[2];

async function load() {
  const start = performance.now();
  const peer = createRequire(path.join(environment, 'index.js'));
  const sharp = peer('sharp');
  peer('@tensorflow/tfjs-backend-wasm');
  const module = path.join(environment, 'node_modules', '@vladmandic', 'human');
  const { Human } = peer(path.join(module, 'dist', 'human.node-wasm.js'));
  const importMs = performance.now() - start;

  const human = new Human(configuration(await serveFolder(path.join(module, 'models')), {}));
  await human.init();
  await human.load();

  const task = (parts) => ({
    call: (tensor) => human.detect(tensor, configuration(undefined, parts)),
    plain: (result) => result.face.map(plain),
  });
  return {
    importMs,
    version: human.version,
    decode: (file) => decode(sharp, human.tf, file),
    tasks: {
      detect: task({ mesh: false, description: false, emotion: false }),
      landmarks: task({ description: false, emotion: false }),
      embedding: task({ emotion: false }),
      'age and gender': task({ emotion: false }),
      emotion: task({ description: false }),
      identity: task({ emotion: false }),
      together: task({}),
    },
  };
}

/** Its defaults, but for still photographs: every face, nothing kept from the frame before. */
function configuration(models, { mesh = true, description = true, emotion = true }) {
  const still = { skipFrames: 0, skipTime: 0 };
  return {
    backend: 'wasm',
    ...(models ? { modelBasePath: models, wasmPath: path.join(environment, 'node_modules/@tensorflow/tfjs-backend-wasm/dist/') } : {}),
    cacheSensitivity: 0,
    debug: false,
    warmup: 'none',
    face: {
      enabled: true,
      detector: { maxDetected: 50, ...still },
      mesh: { enabled: mesh },
      iris: { enabled: false },
      description: { enabled: description, ...still },
      emotion: { enabled: emotion, ...still },
    },
    body: { enabled: false },
    hand: { enabled: false },
    object: { enabled: false },
    gesture: { enabled: false },
    filter: { enabled: false },
  };
}

async function decode(sharp, tf, file) {
  const { data, info } = await sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return tf.tensor3d(Float32Array.from(data), [info.height, info.width, 3], 'float32');
}

function plain(face) {
  const [x, y, width, height] = face.box;
  return {
    box: [x, y, x + width, y + height],
    score: face.boxScore,
    points: face.mesh.length,
    embedding: face.embedding ? face.embedding.length : undefined,
    age: face.age,
    gender: face.gender,
    emotion: face.emotion && face.emotion.length ? face.emotion[0].emotion : undefined,
  };
}

serve(load);
