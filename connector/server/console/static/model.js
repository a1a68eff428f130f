// A small viewer for GLB files: triangles, one texture each, a light from the eye; turned by hand or by keys.

const VERTEX = `#version 300 es
in vec3 position; in vec3 normal; in vec2 uv;
uniform mat4 world; uniform mat4 turned; uniform float aspect;
out vec3 n; out vec2 t;
void main() {
  vec4 p = turned * world * vec4(position, 1.0);
  n = mat3(turned) * mat3(world) * normal; t = uv;
  vec2 fit = 2.2 * min(aspect, 1.0) * vec2(1.0 / aspect, 1.0);
  gl_Position = vec4(p.xy * fit, -p.z * 0.2, 2.4 - p.z);
}`;
const FRAGMENT = `#version 300 es
precision highp float;
in vec3 n; in vec2 t; out vec4 colour;
uniform sampler2D picture; uniform vec4 base; uniform float cut;
void main() {
  vec3 l = normalize(vec3(0.4, 0.7, 1.0));
  float light = 0.45 + 0.55 * abs(dot(normalize(n), l));
  vec4 c = base * texture(picture, t);
  if (c.a < cut) discard;
  colour = vec4(c.rgb * light, 1.0);
}`;
const SIZES = { SCALAR: 1, VEC2: 2, VEC3: 3, VEC4: 4, MAT4: 16 };
const TYPES = { 5120: Int8Array, 5121: Uint8Array, 5122: Int16Array, 5123: Uint16Array, 5125: Uint32Array, 5126: Float32Array };
const KEYS = { ArrowLeft: [-0.15, 0], ArrowRight: [0.15, 0], ArrowUp: [0, -0.15], ArrowDown: [0, 0.15] };

/** Shows the model that the canvas names; what cannot be shown leaves a sentence in its place. */
export async function view(canvas) {
  try {
    const model = parsed(await (await fetch(canvas.dataset.model)).arrayBuffer());
    const gl = canvas.getContext("webgl2", { antialias: true });
    if (!gl) throw new Error("this browser has no WebGL");
    turnable(canvas, await painter(gl, canvas, model));
  } catch (error) {
    const said = document.createElement("p");
    said.className = "empty";
    said.textContent = `The model cannot be shown here (${error.message}); download it instead.`;
    canvas.replaceWith(said);
  }
}

function parsed(buffer) {
  const view = new DataView(buffer);
  if (view.getUint32(0, true) !== 0x46546c67) throw new Error("it is no GLB");
  const length = view.getUint32(12, true);
  const json = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 20, length)));
  return { json, binary: 20 + length + 8, buffer };
}

function accessor({ json, binary, buffer }, index) {
  const found = json.accessors[index], slice = json.bufferViews[found.bufferView];
  const Type = TYPES[found.componentType], width = SIZES[found.type];
  const start = binary + (slice.byteOffset || 0) + (found.byteOffset || 0);
  const step = slice.byteStride || width * Type.BYTES_PER_ELEMENT;
  if (step === width * Type.BYTES_PER_ELEMENT) {
    return new Type(buffer.slice(start, start + found.count * step));
  }
  const out = new Type(found.count * width);
  for (let at = 0; at < found.count; at += 1) {
    out.set(new Type(buffer.slice(start + at * step, start + at * step + width * Type.BYTES_PER_ELEMENT)), at * width);
  }
  return out;
}

function pieces(model) {
  const { json } = model, found = [];
  const walk = (index, above) => {
    const node = json.nodes[index], here = multiply(above, local(node));
    if (node.mesh !== undefined) for (const primitive of json.meshes[node.mesh].primitives) found.push({ primitive, world: here });
    for (const child of node.children || []) walk(child, here);
  };
  const scene = json.scenes?.[json.scene || 0];
  for (const root of scene?.nodes || json.nodes.keys()) walk(root, identity());
  return found;
}

async function painter(gl, canvas, model) {
  const program = linked(gl), shapes = [];
  const box = { low: [Infinity, Infinity, Infinity], high: [-Infinity, -Infinity, -Infinity] };
  for (const { primitive, world } of pieces(model)) shapes.push(await shape(gl, program, model, primitive, world, box));
  if (!shapes.length) throw new Error("it has no surface");
  const middle = box.low.map((low, at) => (low + box.high[at]) / 2);
  const scale = 1.6 / Math.max(...box.high.map((high, at) => high - box.low[at]), 1e-6);
  const fit = multiply(scaled(scale), moved(middle.map((each) => -each)));
  gl.enable(gl.DEPTH_TEST);
  const place = (name) => gl.getUniformLocation(program, name);
  return (turn, tilt, zoom) => {
    const ratio = Math.min(devicePixelRatio, 2);
    canvas.width = canvas.clientWidth * ratio;
    canvas.height = canvas.clientHeight * ratio;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.useProgram(program);
    gl.uniform1f(place("aspect"), canvas.width / canvas.height);
    gl.uniformMatrix4fv(place("turned"), false, multiply(scaled(zoom), multiply(tilted(tilt), spun(turn))));
    for (const each of shapes) {
      gl.bindVertexArray(each.array);
      gl.bindTexture(gl.TEXTURE_2D, each.texture);
      gl.uniform4fv(place("base"), each.base);
      gl.uniform1f(place("cut"), each.cut);
      gl.uniformMatrix4fv(place("world"), false, multiply(fit, each.world));
      if (each.type) gl.drawElements(each.mode, each.count, each.type, 0);
      else gl.drawArrays(each.mode, 0, each.count);
    }
  };
}

async function shape(gl, program, model, primitive, world, box) {
  const array = gl.createVertexArray(), positions = accessor(model, primitive.attributes.POSITION);
  gl.bindVertexArray(array);
  grow(box, positions, world);
  const indices = primitive.indices === undefined ? null : accessor(model, primitive.indices);
  const normals = primitive.attributes.NORMAL === undefined ? smooth(positions, indices) : accessor(model, primitive.attributes.NORMAL);
  attribute(gl, program, "position", positions, 3);
  attribute(gl, program, "normal", normals, 3);
  if (primitive.attributes.TEXCOORD_0 !== undefined) attribute(gl, program, "uv", accessor(model, primitive.attributes.TEXCOORD_0), 2);
  if (indices) {
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, indices, gl.STATIC_DRAW);
  }
  const type = indices && { Uint8Array: gl.UNSIGNED_BYTE, Uint16Array: gl.UNSIGNED_SHORT, Uint32Array: gl.UNSIGNED_INT }[indices.constructor.name];
  const material = model.json.materials?.[primitive.material] || {}, look = material.pbrMetallicRoughness || {};
  const cut = { MASK: material.alphaCutoff ?? 0.5, BLEND: 0.05 }[material.alphaMode] ?? 0;
  const texture = await painted(gl, model, look.baseColorTexture?.index);
  return { array, type, texture, world, cut, mode: primitive.mode ?? gl.TRIANGLES, count: indices ? indices.length : positions.length / 3, base: look.baseColorFactor || [1, 1, 1, 1] };
}

async function painted(gl, model, index) {
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 1, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array([255, 255, 255, 255]));
  const image = index === undefined ? undefined : model.json.images?.[model.json.textures[index].source];
  if (image?.bufferView === undefined) return texture;
  const slice = model.json.bufferViews[image.bufferView], start = model.binary + (slice.byteOffset || 0);
  const bitmap = await createImageBitmap(new Blob([model.buffer.slice(start, start + slice.byteLength)], { type: image.mimeType }));
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.generateMipmap(gl.TEXTURE_2D);
  return texture;
}

function attribute(gl, program, name, values, width) {
  const place = gl.getAttribLocation(program, name);
  if (place < 0) return;
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
  gl.enableVertexAttribArray(place);
  const kind = { Float32Array: gl.FLOAT, Uint16Array: gl.UNSIGNED_SHORT, Uint8Array: gl.UNSIGNED_BYTE }[values.constructor.name];
  gl.vertexAttribPointer(place, width, kind, kind !== gl.FLOAT, 0, 0);
}

/** Normals of a surface that has none: those of its triangles, added up. */
function smooth(positions, indices) {
  const out = new Float32Array(positions.length), count = indices ? indices.length : positions.length / 3;
  const point = (at) => positions.subarray(at * 3, at * 3 + 3);
  for (let at = 0; at < count; at += 3) {
    const [a, b, c] = [0, 1, 2].map((by) => (indices ? indices[at + by] : at + by));
    const [p, q, r] = [point(a), point(b), point(c)], u = [0, 1, 2].map((i) => q[i] - p[i]), v = [0, 1, 2].map((i) => r[i] - p[i]);
    const n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    for (const each of [a, b, c]) for (let i = 0; i < 3; i += 1) out[each * 3 + i] += n[i];
  }
  return out;
}

function grow(box, positions, m) {
  for (let at = 0; at < positions.length; at += 3) {
    const [x, y, z] = positions.subarray(at, at + 3);
    for (let i = 0; i < 3; i += 1) {
      const value = m[i] * x + m[4 + i] * y + m[8 + i] * z + m[12 + i];
      box.low[i] = Math.min(box.low[i], value);
      box.high[i] = Math.max(box.high[i], value);
    }
  }
}

function linked(gl) {
  const program = gl.createProgram();
  for (const [type, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error("the shaders do not link");
  return program;
}

function turnable(canvas, draw) {
  let turn = 0.6, tilt = 0.25, zoom = 1;
  const again = () => requestAnimationFrame(() => draw(turn, tilt, zoom));
  const by = (across, down) => {
    turn += across;
    tilt = Math.min(Math.max(tilt + down, -1.5), 1.5);
    again();
  };
  canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("pointermove", (event) => event.buttons && by(event.movementX * 0.01, event.movementY * 0.01));
  canvas.addEventListener("keydown", (event) => {
    if (!(event.key in KEYS)) return;
    event.preventDefault();
    by(...KEYS[event.key]);
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom = Math.min(Math.max(zoom * (event.deltaY > 0 ? 0.92 : 1.08), 0.4), 2);
    again();
  }, { passive: false });
  new ResizeObserver(again).observe(canvas);
  again();
}

const identity = () => [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
const scaled = (by) => [by, 0, 0, 0, 0, by, 0, 0, 0, 0, by, 0, 0, 0, 0, 1];
const moved = ([x, y, z]) => [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, x, y, z, 1];
const spun = (by) => [Math.cos(by), 0, -Math.sin(by), 0, 0, 1, 0, 0, Math.sin(by), 0, Math.cos(by), 0, 0, 0, 0, 1];
const tilted = (by) => [1, 0, 0, 0, 0, Math.cos(by), Math.sin(by), 0, 0, -Math.sin(by), Math.cos(by), 0, 0, 0, 0, 1];

function multiply(a, b) {
  const out = new Array(16).fill(0);
  for (let column = 0; column < 4; column += 1)
    for (let row = 0; row < 4; row += 1)
      for (let at = 0; at < 4; at += 1) out[column * 4 + row] += a[at * 4 + row] * b[column * 4 + at];
  return out;
}

function local(node) {
  if (node.matrix) return node.matrix;
  const [x, y, z, w] = node.rotation || [0, 0, 0, 1], [sx, sy, sz] = node.scale || [1, 1, 1];
  const turned = [
    1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w), 0,
    2 * (x * y - z * w), 1 - 2 * (x * x + z * z), 2 * (y * z + x * w), 0,
    2 * (x * z + y * w), 2 * (y * z - x * w), 1 - 2 * (x * x + y * y), 0,
    0, 0, 0, 1,
  ];
  const stretched = [sx, 0, 0, 0, 0, sy, 0, 0, 0, 0, sz, 0, 0, 0, 0, 1];
  return multiply(moved(node.translation || [0, 0, 0]), multiply(turned, stretched));
}
