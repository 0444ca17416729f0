# source: lab.proto
"""Messages and service of lab.proto."""
from google.protobuf import descriptor_pool as _descriptor_pool
from google.protobuf import message as _message
from google.protobuf import reflection as _reflection
from google.protobuf import symbol_database as _symbol_database

_sym_db = _symbol_database.Default()
DESCRIPTOR = _descriptor_pool.Default().AddSerializedFile(b'\n\tlab.proto\x12\x06lab.v1"\xc9\x01\n\x03Ask\x12\x0c\n\x04name\x18\x01 \x01(\t\x12\t\n\x01n\x18\x02 \x01(\x05\x12\x0c\n\x04tags\x18\x03 \x03(\t\x12\'\n\x06counts\x18\x04 \x03(\x0b2\x17.lab.v1.Ask.CountsEntry\x12\x0c\n\x04data\x18\x05 \x01(\x0c\x12\t\n\x01x\x18\x06 \x01(\x01\x12\x0c\n\x04flag\x18\x07 \x01(\x08\x12\x1c\n\x05inner\x18\x08 \x01(\x0b2\r.lab.v1.Inner\x1a-\n\x0bCountsEntry\x12\x0b\n\x03key\x18\x01 \x01(\t\x12\r\n\x05value\x18\x02 \x01(\x05:\x028\x01"\x15\n\x05Inner\x12\x0c\n\x04text\x18\x01 \x01(\t"M\n\x06Answer\x12\x0c\n\x04text\x18\x01 \x01(\t\x12\t\n\x01n\x18\x02 \x01(\x03\x12\x1c\n\x05items\x18\x03 \x03(\x0b2\r.lab.v1.Inner\x12\x0c\n\x04data\x18\x04 \x01(\x0c"\t\n\x07Nothing2\x8b\x07\n\x03Lab\x12$\n\x03Get\x12\x0b.lab.v1.Ask\x1a\x0e.lab.v1.Answer"\x00\x12"\n\x04Echo\x12\x0b.lab.v1.Ask\x1a\x0b.lab.v1.Ask"\x00\x12%\n\x04Meta\x12\x0b.lab.v1.Ask\x1a\x0e.lab.v1.Answer"\x00\x12&\n\x04Void\x12\x0b.lab.v1.Ask\x1a\x0f.lab.v1.Nothing"\x00\x12-\n\x08FromVoid\x12\x0f.lab.v1.Nothing\x1a\x0e.lab.v1.Answer"\x00\x12%\n\x04Task\x12\x0b.lab.v1.Ask\x1a\x0e.lab.v1.Answer"\x00\x12%\n\x04Then\x12\x0b.lab.v1.Ask\x1a\x0e.lab.v1.Answer"\x00\x12%\n\x04Coro\x12\x0b.lab.v1.Ask\x1a\x0e.lab.v1.Answer"\x00\x12%\n\x04Pass\x12\x0b.lab.v1.Ask\x1a\x0e.lab.v1.Answer"\x00\x12(\n\x05Count\x12\x0b.lab.v1.Ask\x1a\x0e.lab.v1.Answer"\x000\x01\x12)\n\x06ListOf\x12\x0b.lab.v1.Ask\x1a\x0e.lab.v1.Answer"\x000\x01\x12,\n\tCoroCount\x12\x0b.lab.v1.Ask\x1a\x0e.lab.v1.Answer"\x000\x01\x12&\n\x03Sum\x12\x0b.lab.v1.Ask\x1a\x0e.lab.v1.Answer"\x00(\x01\x12*\n\x07SumList\x12\x0b.lab.v1.Ask\x1a\x0e.lab.v1.Answer"\x00(\x01\x12)\n\x04Chat\x12\x0b.lab.v1.Ask\x1a\x0e.lab.v1.Answer"\x00(\x010\x01\x12,\n\x07ChatEnd\x12\x0b.lab.v1.Ask\x1a\x0e.lab.v1.Answer"\x00(\x010\x01\x12%\n\x04Fail\x12\x0b.lab.v1.Ask\x1a\x0e.lab.v1.Answer"\x00\x12*\n\tNotRouted\x12\x0b.lab.v1.Ask\x1a\x0e.lab.v1.Answer"\x00\x12&\n\x05Wrong\x12\x0b.lab.v1.Ask\x1a\x0e.lab.v1.Answer"\x00\x12(\n\x07Headers\x12\x0b.lab.v1.Ask\x1a\x0e.lab.v1.Answer"\x00\x12%\n\x04Auth\x12\x0b.lab.v1.Ask\x1a\x0e.lab.v1.Answer"\x00\x12$\n\x03Big\x12\x0b.lab.v1.Ask\x1a\x0e.lab.v1.Answer"\x00b\x06proto3')

Ask = _reflection.GeneratedProtocolMessageType('Ask', (_message.Message,), {
  'DESCRIPTOR' : DESCRIPTOR.message_types_by_name['Ask'],
  '__module__' : 'lab_pb2'
  })
_sym_db.RegisterMessage(Ask)

Inner = _reflection.GeneratedProtocolMessageType('Inner', (_message.Message,), {
  'DESCRIPTOR' : DESCRIPTOR.message_types_by_name['Inner'],
  '__module__' : 'lab_pb2'
  })
_sym_db.RegisterMessage(Inner)

Answer = _reflection.GeneratedProtocolMessageType('Answer', (_message.Message,), {
  'DESCRIPTOR' : DESCRIPTOR.message_types_by_name['Answer'],
  '__module__' : 'lab_pb2'
  })
_sym_db.RegisterMessage(Answer)

Nothing = _reflection.GeneratedProtocolMessageType('Nothing', (_message.Message,), {
  'DESCRIPTOR' : DESCRIPTOR.message_types_by_name['Nothing'],
  '__module__' : 'lab_pb2'
  })
_sym_db.RegisterMessage(Nothing)

_LAB = DESCRIPTOR.services_by_name['Lab']
