"""A generated module, as protoc would make it of this file; apps and clients of the tests import it.

syntax = "proto3";
package shop.v1;
message Item { string name = 1; int64 count = 2; bytes data = 3; }
message Nothing {}
service Shop {
  rpc Get (Item) returns (Item);
  rpc Ping (Nothing) returns (Nothing);
  rpc List (Item) returns (stream Item);
  rpc Sum (stream Item) returns (Item);
  rpc Collect (stream Item) returns (Item);
  rpc Talk (stream Item) returns (stream Item);
}
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_KINDS = descriptor_pb2.FieldDescriptorProto
_FIELDS = ((1, "name", _KINDS.TYPE_STRING), (2, "count", _KINDS.TYPE_INT64), (3, "data", _KINDS.TYPE_BYTES))
METHODS = {
    "Get": (False, False),
    "Ping": (False, False),
    "List": (False, True),
    "Sum": (True, False),
    "Collect": (True, False),
    "Talk": (True, True),
}
"""Whether requests and answers are streams."""


def _file() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="shop.proto", package="shop.v1", syntax="proto3")
    item = file.message_type.add(name="Item")
    for number, name, kind in _FIELDS:
        item.field.add(name=name, number=number, type=kind, label=_KINDS.LABEL_OPTIONAL)
    file.message_type.add(name="Nothing")
    service = file.service.add(name="Shop")
    for name, (streams_in, streams_out) in METHODS.items():
        kind = ".shop.v1.Nothing" if name == "Ping" else ".shop.v1.Item"
        service.method.add(
            name=name,
            input_type=kind,
            output_type=kind,
            client_streaming=streams_in,
            server_streaming=streams_out,
        )
    return file


DESCRIPTOR = descriptor_pool.Default().AddSerializedFile(_file().SerializeToString())
Item: Any = message_factory.GetMessageClass(DESCRIPTOR.message_types_by_name["Item"])
Nothing: Any = message_factory.GetMessageClass(DESCRIPTOR.message_types_by_name["Nothing"])
