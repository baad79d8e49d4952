package statefun_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/statefun-go/statefun-go/statefun"
	"github.com/statefun-go/statefun-go/statefun/statefuntest"
)

// A message of a built-in type, which the SDKs of all languages share.
func ExampleType() {
	doubler := statefun.MustTypeName("example/doubler")
	inbox := statefun.MustTypeName("example/inbox")
	r := run(nil, defineOn(doubler, statefun.Int64, func(inv *statefun.Invocation, n int64) error {
		statefun.Int64.Reply(inv, 2*n)
		return nil
	}))
	r.Outside(inbox)
	statefuntest.SendFrom(r, inbox.Address("me"), doubler.Address("x"), statefun.Int64, 21)
	r.Run()
	fmt.Println(statefuntest.Messages(r, inbox, statefun.Int64)[0].Value)
	// Output: 42
}

// Any Go value that encoding/json takes.
func ExampleJSON() {
	type Order struct {
		Item string `json:"item"`
		Qty  int    `json:"qty"`
	}
	orderType := statefun.JSON[Order]("example/Order")
	shop := statefun.MustTypeName("example/shop")
	r := run(nil, defineOn(shop, orderType, func(_ *statefun.Invocation, o Order) error {
		fmt.Println(o.Qty, o.Item)
		return nil
	}))
	statefuntest.Send(r, shop.Address("x"), orderType, Order{"socks", 3})
	r.Run()
	// Output: 3 socks
}

// A generated protobuf message. The typename follows from its name.
func ExampleProto() {
	durationType := statefun.Proto[*durationpb.Duration]()
	timer := statefun.MustTypeName("example/timer")
	r := run(nil, defineOn(timer, durationType, func(_ *statefun.Invocation, d *durationpb.Duration) error {
		fmt.Println(d.AsDuration())
		return nil
	}))
	statefuntest.Send(r, timer.Address("x"), durationType, durationpb.New(90*time.Second))
	r.Run()
	fmt.Println(durationType.Name())
	// Output:
	// 1m30s
	// type.googleapis.com/google.protobuf.Duration
}

// A protobuf message under a typename that peers in other languages chose.
func ExampleProtoAs() {
	fmt.Println(statefun.ProtoAs[*durationpb.Duration]("example/Duration").Name())
	// Output: example/Duration
}

// Bytes as they are, for records that some other program encoded.
func ExampleBytes() {
	csvType := statefun.Bytes("example/CSV")
	reader := statefun.MustTypeName("example/reader")
	r := run(nil, defineOn(reader, csvType, func(_ *statefun.Invocation, line []byte) error {
		fmt.Printf("%s\n", line)
		return nil
	}))
	statefuntest.Send(r, reader.Address("x"), csvType, []byte("a;b;c"))
	r.Run()
	// Output: a;b;c
}

// A codec of one's own. Values of netip.Addr never change, so a state of this
// type is decoded once a batch.
func ExampleCustom() {
	addrType := statefun.Custom("example/Addr",
		func(dst []byte, a netip.Addr) ([]byte, error) { return a.AppendTo(dst), nil },
		func(data []byte) (netip.Addr, error) { return netip.ParseAddr(string(data)) },
		statefun.Immutable())
	last := statefun.NewState("last", addrType)
	guard := statefun.MustTypeName("example/guard")
	r := run(nil, defineOn(guard, addrType, func(inv *statefun.Invocation, a netip.Addr) error {
		was, known, err := last.Lookup(inv)
		fmt.Println(a, known && was == a)
		last.Set(inv, a)
		return err
	}, last))
	for range 2 {
		statefuntest.Send(r, guard.Address("x"), addrType, netip.MustParseAddr("::1"))
	}
	r.Run()
	// Output:
	// ::1 false
	// ::1 true
}

// An encoder of one's own, for records whose consumer wants big-endian
// integers.
func ExampleEncoder() {
	ticks := statefun.KafkaTopic("example/ticks", "ticks", func(dst []byte, n uint32) ([]byte, error) {
		if n == 0 {
			return dst, errors.New("no tick is zero")
		}
		return binary.BigEndian.AppendUint32(dst, n), nil
	})
	clock := statefun.MustTypeName("example/clock")
	r := run(nil, defineOn(clock, statefun.Int32, func(inv *statefun.Invocation, n int32) error {
		ticks.Send(inv, "", uint32(n))
		return nil
	}, ticks))
	statefuntest.Send(r, clock.Address("x"), statefun.Int32, 258)
	r.Run()
	fmt.Printf("%x\n", r.Records("example/ticks")[0].Value)
	// Output: 00000102
}
