// @vladmandic/face-api on Node with the WASM backend of TensorFlow.js.
'use strict';

const path = require('node:path');
const { createRequire } = require('node:module');
const { serve } = require('../protocol.js');

const environment = process.argv[2];

async function load() {
  const start = performance.now();
  const peer = createRequire(path.join(environment, 'index.js'));
  const sharp = peer('sharp');
  const tf = peer('@tensorflow/tfjs');
  const wasm = peer('@tensorflow/tfjs-backend-wasm');
  const module = path.join(environment, 'node_modules', '@vladmandic', 'face-api');
  const api = peer(path.join(module, 'dist', 'face-api.node-wasm.js'));
  const importMs = performance.now() - start;

  wasm.setWasmPaths(path.join(environment, 'node_modules/@tensorflow/tfjs-backend-wasm/dist/'));
  await tf.setBackend('wasm');
  await tf.ready();
  const { nets } = api;
  for (const net of [nets.ssdMobilenetv1, nets.tinyFaceDetector, nets.faceLandmark68Net, nets.ageGenderNet,
    nets.faceRecognitionNet, nets.faceExpressionNet]) {
    await net.loadFromDisk(path.join(module, 'model'));
  }

  const usual = new api.SsdMobilenetv1Options({ maxResults: 100 });
  const tiny = new api.TinyFaceDetectorOptions();
  const all = (tensor) => api.detectAllFaces(tensor, usual);
  const points = (tensor) => all(tensor).withFaceLandmarks();
  const task = (call) => ({ call: async (tensor) => call(tensor), plain: (found) => found.map(plain) });
  return {
    importMs,
    version: typeof api.version === 'object' ? api.version.faceapi : api.version,
    decode: async (file) => {
      const { data, info } = await sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true });
      return tf.tensor3d(data, [info.height, info.width, 3], 'int32');
    },
    tasks: {
      detect: task(all),
      'detect/tiny': task((tensor) => api.detectAllFaces(tensor, tiny)),
      landmarks: task(points),
      embedding: task((tensor) => points(tensor).withFaceDescriptors()),
      'age and gender': task((tensor) => points(tensor).withAgeAndGender()),
      emotion: task((tensor) => points(tensor).withFaceExpressions()),
      identity: task((tensor) => points(tensor).withFaceDescriptors()),
      together: task((tensor) => points(tensor).withFaceExpressions().withFaceDescriptors().withAgeAndGender()),
    },
  };
}

function plain(found) {
  const detection = found.detection || found;
  const { x, y, width, height } = detection.box;
  return {
    box: [x, y, x + width, y + height],
    score: detection.score,
    points: found.landmarks ? found.landmarks.positions.length : undefined,
    embedding: found.descriptor ? found.descriptor.length : undefined,
    age: found.age,
    gender: found.gender,
    emotion: found.expressions ? found.expressions.asSortedArray()[0].expression : undefined,
  };
}

serve(load);
