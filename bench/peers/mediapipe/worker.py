"""MediaPipe's face detection and face mesh."""

from importlib import metadata
from typing import Any

from bench.peers.protocol import Faces, Peer, Task, serve


def imports() -> None:
    """Everything that `load` needs."""
    import mediapipe  # noqa: F401, PLC0415


def load(threads: int) -> Peer:  # noqa: ARG001  it takes as many as it sees processors
    """Both detectors and the mesh, for still photographs."""
    import cv2  # noqa: PLC0415
    from mediapipe import solutions  # noqa: PLC0415

    detection, mesh = solutions.face_detection.FaceDetection, solutions.face_mesh.FaceMesh
    full, short = detection(model_selection=1), detection(model_selection=0)
    points = mesh(static_image_mode=True, max_num_faces=50)

    def decode(path: str) -> Any:
        bgr: Any = cv2.imread(path)
        return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)

    tasks = {
        "detect": Task(lambda rgb: (rgb.shape, full.process(rgb)), boxes),
        "detect/short": Task(lambda rgb: (rgb.shape, short.process(rgb)), boxes),
        "landmarks": Task(lambda rgb: (rgb.shape, points.process(rgb)), meshes),
    }
    return Peer(metadata.version("mediapipe"), decode, tasks)


def boxes(answer: Any) -> Faces:
    """From relative boxes."""
    (height, width, _), result = answer
    faces: Faces = []
    for found in result.detections or []:
        box = found.location_data.relative_bounding_box
        x, y = box.xmin * width, box.ymin * height
        faces.append({"box": [x, y, x + box.width * width, y + box.height * height], "score": found.score[0]})
    return faces


def meshes(answer: Any) -> Faces:
    """From relative points; the box is around them."""
    (height, width, _), result = answer
    faces: Faces = []
    for found in result.multi_face_landmarks or []:
        x = [point.x * width for point in found.landmark]
        y = [point.y * height for point in found.landmark]
        faces.append({"box": [min(x), min(y), max(x), max(y)], "points": len(x)})
    return faces


if __name__ == "__main__":
    serve(imports, load)
